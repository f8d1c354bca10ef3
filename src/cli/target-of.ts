import { readFileSync } from 'node:fs';
import { type Config, readConfig } from '../config.ts';
import { allRevealed, revealed } from '../config/credentials.ts';
import type { HostKeys } from '../deploy/inspect-host.ts';
import type { Target } from '../domain/deploy.ts';
import { CodedError } from '../domain/coded-error.ts';
import type { CommandIo } from './command-io.ts';

export interface OpenTarget {
  readonly target: Target;
  readonly keys: HostKeys;
  /** All that it was read with. */
  readonly config: Config;
}

/** A repository's environment by the operator's file, with its keys; reads no other environment's secrets. Throws `target_unknown`. */
export function targetOf(
  { env }: Pick<CommandIo, 'env'>,
  { repository, environment }: { readonly repository: string; readonly environment: string },
): OpenTarget {
  const config = readConfig(env, (path) => readFileSync(path, 'utf8'), {
    environments: [environment],
    askedBy: 'the environment',
  });
  const found = config.targets.find(
    ({ target }) =>
      target.repository.toLowerCase() === repository.toLowerCase() && target.environment === environment,
  );
  if (found === undefined || found.privateKey === null) {
    const { operatorFile: file, targets } = config;
    const its = targets.map(({ target }) => `${target.repository} ${target.environment}`).join(', ');
    throw new CodedError(
      'target_unknown',
      file === null
        ? `there is no countersign.yaml here, which has each environment's target: go to its folder, or name it in COUNTERSIGN_CONFIG.`
        : `${file} has no target for ${repository}, environment ${environment}; it has ${its}.`,
    );
  }
  return {
    config,
    target: found.target,
    keys: {
      privateKey: revealed(found.privateKey),
      jumpKeys: allRevealed(found.jumpKeys),
    },
  };
}
