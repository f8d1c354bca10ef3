/** How a server is started. */
export interface ServerOptions {
  /** Everything it keeps lies below. */
  readonly dir: string;
  readonly name: string;
  /** For the commands that run there, over what they'd have. */
  readonly environment?: Readonly<Record<string, string>>;
  /** It also serves files by SFTP, as OpenSSH does. */
  readonly sftp?: boolean;
  /** Runs in place of every command, as sshd's `ForceCommand` does; what was asked for is in `SSH_ORIGINAL_COMMAND`. */
  readonly forceCommand?: string;
  /** Loopback addresses (sshd takes 16 at most) that it listens on beside 127.0.0.1: a server for each of several hosts. */
  readonly alsoAt?: readonly string[];
  /** A file with the certificate authority whose users' certificates are let in. The real sshd only. */
  readonly trustedUserCa?: string;
  /** sshd's `MaxStartups`; more than a test needs, if not said. */
  readonly maxStartups?: string;
  /** Where it listens and is reached, 127.0.0.1 if not said. The real sshd only. */
  readonly address?: string;
  /** The real sshd is started by this: a program and its arguments, which then becomes the command that follows them. */
  readonly within?: readonly string[];
  /** More lines for sshd's configuration. The real sshd only. */
  readonly settings?: readonly string[];
}

/** A server that can be deployed to on this machine, whichever way it is made. */
export interface DemoServer {
  readonly name: string;
  /** `openssh`: the real sshd. `in-process`: ssh2's server, which runs the same commands on this machine just as really. */
  readonly kind: 'openssh' | 'in-process';
  readonly host: string;
  readonly port: number;
  readonly user: string;
  /** Of its host key, as an operator's file pins it. */
  readonly fingerprint: string;
  /** A folder for targets to deploy below. */
  readonly root: string;
  /** The private key with which this environment may deploy here; made, and let in, at the first call. */
  privateKeyFor(environment: string): Promise<string>;
  /** Lets a public key in. */
  authorize(publicKey: string): Promise<void>;
  /** Ends it, and every connection to it. */
  stop(): Promise<void>;
}
