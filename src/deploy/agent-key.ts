import ssh2, {
  type IdentityCallback,
  type ParsedKey,
  type SignCallback,
  type SigningRequestOptions,
} from 'ssh2';
import type { AgentKey } from '../domain/deploy.ts';
import { fingerprintOf } from './host-key.ts';
import { printable } from './refuse-paths.ts';

/**
 * One key of an ssh-agent: the others aren't offered to the server, and nothing else is asked of the agent than to sign for this login.
 * ssh2 reads no certificates, so an agent's certificate is none of the keys here (ssh2#551).
 */
export class OneAgentKey extends ssh2.BaseAgent<ParsedKey> {
  /** Why the agent was no help, for people; null while nothing went wrong. */
  problem: string | null = null;
  readonly #agent: ssh2.OpenSSHAgent;
  readonly #key: AgentKey;

  constructor(key: AgentKey) {
    super();
    this.#key = key;
    this.#agent = new ssh2.OpenSSHAgent(key.agent);
  }

  override getIdentities(answer: IdentityCallback<ParsedKey>): void {
    this.#agent.getIdentities((error, keys) => {
      if (error instanceof Error) {
        this.problem = `the ssh-agent at ${this.#key.agent} can't be asked (${printable(error.message)}): does it run, and may this account use its socket?`;
        answer(error);
        return;
      }
      const ours = (keys ?? [])
        .flatMap((key) => (isKey(key) ? [key] : []))
        .filter((key) => this.#isOurs(key));
      if (ours.length === 0) {
        this.problem = `the ssh-agent at ${this.#key.agent} doesn't have it: ssh-add -l shows what it has, and a certificate alone can't be used`;
        answer(new Error(this.problem));
        return;
      }
      answer(null, ours.slice(0, 1));
    });
  }

  override sign(
    key: ParsedKey,
    data: Buffer,
    options: SigningRequestOptions | SignCallback,
    answer?: SignCallback,
  ): void {
    const told = typeof options === 'function' ? options : answer;
    this.#agent.sign(key, data, typeof options === 'function' ? {} : options, (error, signature) => {
      if (error instanceof Error)
        this.problem = 'the ssh-agent did not sign with it: is it locked, or does it ask a person?';
      told?.(error, signature);
    });
  }

  #isOurs(key: ParsedKey): boolean {
    return fingerprintOf(key.getPublicSSH()) === this.#key.fingerprint;
  }
}

/** The agent's answer, where ssh2 could read it. */
function isKey(key: unknown): key is ParsedKey {
  return typeof key === 'object' && key !== null && 'getPublicSSH' in key;
}
