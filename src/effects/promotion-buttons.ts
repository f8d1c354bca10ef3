import type { CheckRunAction } from '../domain/effect.ts';
import { clip } from './clip.ts';
import { plain } from './markdown.ts';
import { short } from './phrases.ts';

/** How the identifier of such a button begins; its place among the environments that come next follows. */
export const PROMOTE = 'promote:';

/** GitHub takes three. */
const MOST = 3;

/** On the check run of a deployment that succeeded: a button for each environment that comes after it. */
export function promotionButtons(environments: readonly string[], sha: string): readonly CheckRunAction[] {
  return environments.slice(0, MOST).map((environment, index) => {
    const name = plain(environment);
    return {
      label: clip(`Deploy to ${name}`, 20),
      description: clip(`Ask for ${short(sha)} on ${name}`, 40),
      identifier: `${PROMOTE}${index}`,
    };
  });
}
