/** What the operator's file says of one (repository, environment), with its secrets left out. */
export interface Target {
  readonly repository: string;
  /** GitHub's id of it, where the operator gave one: a name can come to belong to another repository. */
  readonly repositoryId: number | null;
  readonly environment: string;
  readonly hosts: readonly Host[];
  /** Absolute path on each host. */
  readonly path: string;
  /** Releases kept, the running one included. */
  readonly keep: number;
  readonly shared: readonly string[];
  readonly commands: Commands;
  /** Seconds for any one command. */
  readonly timeout: number;
  /** Everybody who sees the repository may read what a failed command printed. */
  readonly showOutput: boolean;
  /** Asked from here once a host was switched; if not said, only its health command is. */
  readonly healthUrl?: HealthUrl;
  /** If not said: host after host, and all of them back where one isn't well. */
  readonly rollout?: Rollout;
}

/** An address that answers with `status` where a host is well. `{host}` in it is the host's name. Times are in seconds. */
export interface HealthUrl {
  readonly url: string;
  readonly status: number;
  readonly tries: number;
  /** Between two tries. */
  readonly interval: number;
  /** For each try. */
  readonly timeout: number;
}

/** In which order a target's hosts are switched, and what becomes of those that were where one isn't well. */
export interface Rollout {
  /** So many hosts first, as a batch of their own; 0: none. */
  readonly canary: number;
  /** How many are switched at the same time. A share is of all the target's hosts, rounded up. */
  readonly batch: number | { readonly percent: number } | 'all';
  /** Seconds between one batch and the next. */
  readonly pause: number;
  /** How many are staged at a time. */
  readonly parallel: number;
  readonly onFailure: 'roll_back_all' | 'roll_back_failed' | 'stop';
}

export interface Host {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** `SHA256:` and unpadded base64, as `ssh-keygen -l` prints it; several while the host's key is renewed. */
  readonly fingerprint: string | readonly string[];
  /** The host by way of which it is reached; if not said, directly. */
  readonly jump?: Jump;
}

/** A host that leads to others, and on which nothing is run. */
export interface Jump {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly fingerprint: string | readonly string[];
  /** How the operator's file names its own key, never the key itself; null: the target's key is let in there too. */
  readonly key: string | null;
}

/** A key that stays in an ssh-agent: the socket it listens at, and which of its keys, `SHA256:…` of the public half. */
export interface AgentKey {
  readonly agent: string;
  readonly fingerprint: string;
}

/** What opens a host: a private key's text (OpenSSH or PEM, without a passphrase), or a key that an agent has. */
export type LoginKey = string | AgentKey;

/** What was seen of a connection: who answered, by which key, and how the two agreed to speak. */
export interface ConnectionEvidence {
  readonly presentedFingerprint: string;
  /** The server's first line, like `SSH-2.0-OpenSSH_9.2p1`; null where none was seen. */
  readonly server: string | null;
  readonly kex: string;
  readonly cipher: string;
  /** Of the key that we logged in with. */
  readonly clientKey: string;
  /** The same of the host on the way, at `address` (`host:port`); null where there is none. */
  readonly jump: ({ readonly address: string } & Omit<ConnectionEvidence, 'jump'>) | null;
}

export interface Commands {
  readonly build: string | null;
  readonly beforeSwitch: string | null;
  readonly afterSwitch: string | null;
  readonly health: string | null;
}

/** One file of a commit's tree, as `git ls-tree` has it. `mode`: 100644, 100755 or 120000. */
export interface ManifestEntry {
  readonly path: string;
  readonly mode: '100644' | '100755' | '120000';
  readonly oid: string;
  readonly sha256: string;
  readonly size: number;
}

export interface ManifestDifference {
  readonly added: readonly ManifestEntry[];
  readonly changed: readonly ManifestEntry[];
  readonly removed: readonly ManifestEntry[];
  /** How many files the whole release has. */
  readonly total: number;
}

export interface HostOutcome {
  readonly host: Host;
  readonly outcome: 'success' | 'failure' | 'unknown' | 'rolled_back' | 'not_reached';
  /** The step at which it ended, when it isn't a success. */
  readonly failedAt: string | null;
  /** `current` points at the release there, or may. Records of earlier versions don't say. */
  readonly switched?: boolean;
  readonly message: string;
  readonly previousRelease: string | null;
  readonly release: string;
  /** Fingerprint that the host presented. */
  readonly presentedFingerprint: string | null;
  /** Of the last connection to it; null where none came about. */
  readonly connection: ConnectionEvidence | null;
  /** Bytes over the network, of all connections to it together. */
  readonly traffic: { readonly sent: number; readonly received: number };
  /** What the host itself said it has of the release; null where it wasn't read back in this attempt. */
  readonly readBack: HostReadBack | null;
  readonly commands: readonly CommandOutcome[];
  readonly files: { readonly total: number; readonly transferred: number; readonly verified: number };
  /** Only where it was switched back to a release. */
  readonly again?: ReleaseAgain;
  /** Only of a rehearsal that came so far. */
  readonly rehearsed?: HostRehearsal;
  readonly startedAt: string;
  readonly finishedAt: string;
}

/** What runs again after a switch back, as the host has it, against what the ledger has of that release. */
export interface ReleaseAgain {
  readonly release: string;
  /** `unknown`: it couldn't be read, or nobody knows which files it should have. */
  readonly files: 'as_recorded' | 'altered' | 'unknown';
  readonly reading: KeptReading | null;
}

/** What a rehearsal found on one host, of the release that ran there before and runs there again. */
export interface HostRehearsal {
  readonly kept: string;
  /** Null where it couldn't be read. */
  readonly before: KeptReading | null;
  readonly after: KeptReading | null;
  /** Paths of the kept release that aren't after it what they were before it; at most 100. */
  readonly differs: readonly string[];
  /** It was switched to the rehearsal's release, and was well. */
  readonly well: boolean;
  /** Nothing of the rehearsal's release is left there. */
  readonly removed: boolean;
  /** What is wrong, in sentences; none: it passed. */
  readonly problems: readonly string[];
}

/** A kept release, as the host read it back, against the commit's manifest; what lies in `shared` left out. */
export interface KeptReading {
  /** Of the manifest in the host's own words. */
  readonly digest: string;
  /** How many files are just as the manifest has them. */
  readonly verified: number;
  /** Whatever isn't: by path, what was found there. */
  readonly missing: readonly string[];
  readonly altered: Readonly<Record<string, string>>;
  /** Not in the commit. A target's commands may have left it. */
  readonly extra: Readonly<Record<string, string>>;
}

export interface HostReadBack {
  /** Of the manifest in the host's own words (`deploy/manifest-digest.ts`): the commit's, or nothing would have been switched. */
  readonly digest: string;
  /** Compared with what ran there `before`, where its files are known; with `nothing`, as nothing ran; or it is `unknown` what did. */
  readonly against: 'before' | 'nothing' | 'unknown';
  readonly before: string | null;
  /** Which of the outcome's `changes` are its. */
  readonly changes: string;
  /**
   * Those files that somebody had altered since they were verified: of what was to be copied on the host, and of what an earlier attempt
   * had staged there.
   */
  readonly drifted: readonly DriftedFile[];
}

/** As it had been verified, and as it was found; null: it was gone. `found.mode`: in octal, or `link`. */
export interface DriftedFile {
  readonly path: string;
  readonly oid: string;
  readonly sha256: string;
  readonly mode: ManifestEntry['mode'];
  readonly found: { readonly sha256: string; readonly mode: string } | null;
}

export interface CommandOutcome {
  readonly step: string;
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Masked, and capped; `truncated` says so. */
  readonly output: string;
  readonly truncated: boolean;
  readonly milliseconds: number;
}

export interface DeployOutcome {
  /** `cancelled`: somebody stopped it, and nothing runs it. */
  readonly outcome: 'success' | 'failure' | 'unknown' | 'cancelled';
  readonly hosts: readonly HostOutcome[];
  readonly difference: ManifestDifference;
  /** What the read-backs of hosts differ by from what ran there before, by its digest. */
  readonly changes: Readonly<Record<string, ManifestDifference>>;
  readonly manifest: readonly ManifestEntry[];
}
