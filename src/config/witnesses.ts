import { Secret } from '../domain/secret.ts';
import type { WitnessAddress } from '../domain/witness.ts';
import { witnessName } from '../domain/witness.ts';
import { readKey } from './credentials.ts';
import type { Environment, ReadFile } from './environment.ts';
import type { OperatorFile } from './operator-schema.ts';
import type { Report } from './problem.ts';
import type { Separable } from './separation.ts';

interface Reading {
  readonly env: Environment;
  readonly readFile: ReadFile;
  readonly report: Report;
  readonly where: (path: readonly PropertyKey[]) => string;
}

/**
 * The witnesses with their keys; a problem is reported and its witness left out. A key that opens a server must not be the
 * witness's too: it is to be good for one branch, so that it may lie where the app runs.
 */
export function readWitnesses(
  content: OperatorFile,
  { env, readFile, report, where }: Reading,
  targets: readonly Separable[],
): readonly WitnessAddress[] {
  const witnesses: WitnessAddress[] = [];
  for (const [index, entry] of (content.witnesses ?? []).entries()) {
    const { git, credential, host_key: hostKey, c2sp, vkey, every: everySeconds } = entry;
    let witness: WitnessAddress | null = null;
    if (c2sp !== undefined && vkey !== undefined) {
      witness = { kind: 'c2sp', url: c2sp.replace(/\/+$/, ''), vkey, everySeconds };
    } else if (git !== undefined && credential !== undefined && hostKey !== undefined) {
      const at = where(['witnesses', index, 'credential', 'private_key']);
      const result = readKey(credential.private_key, env, readFile);
      if ('problem' in result) {
        report(at, result.problem);
        continue;
      }
      const twin = targets.find(({ fingerprint, jumps }) =>
        [fingerprint, ...jumps.map((jump) => jump.fingerprint)].includes(result.fingerprint),
      );
      if (twin !== undefined)
        report(
          at,
          `is also the key of ${twin.target.repository} (${twin.target.environment}); give the witness a key of its own`,
        );
      const privateKey = new Secret(result.key);
      const branch = entry.branch ?? 'ledger-witness';
      witness = { kind: 'git', url: git, branch, hostKey, privateKey, everySeconds };
    }
    if (witness === null) continue;
    const name = witnessName(witness);
    if (witnesses.some((other) => witnessName(other) === name))
      report(where(['witnesses', index]), `${name} is there twice`);
    witnesses.push(witness);
  }
  return witnesses;
}
