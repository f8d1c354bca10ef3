import { expect, test } from '@jest/globals';
import type { ControlsFact } from '../../../src/domain/control-facts.ts';
import { fitSections } from '../../../src/effects/fit-sections.ts';
import { controlsSection } from '../../../src/effects/render-controls.ts';

const fact = (over: Partial<ControlsFact>): ControlsFact => ({
  subject: { kind: 'branch', name: 'main' },
  standing: 'whole',
  unmet: [],
  since: '2026-03-01T09:00:00.000Z',
  entry: '0199c0de-0000-7000-8000-00000000002a',
  lookedAt: '2026-03-02T09:00:00.000Z',
  ...over,
});
const FROM = 'since 2026-03-01 09:00:00 UTC (ledger entry `0199c0de-0000-7000-8000-00000000002a`)';

test.each<readonly [string, readonly ControlsFact[], string]>([
  ['nobody has looked', [], ''],
  ['nothing is demanded', [fact({ standing: 'not_demanded' })], ''],
  ['all is whole', [fact({})], `### Controls\n\n- Branch \`main\`: whole ${FROM}.`],
  [
    'a gap and what can’t be seen',
    [
      fact({ standing: 'gap', unmet: ['deletion', 'force_push'] }),
      fact({
        subject: { kind: 'environment', name: 'production' },
        standing: 'unknown',
        unmet: ['our_rule'],
      }),
    ],
    `### Controls\n\n- ⚠️ Branch \`main\`: **a gap** ${FROM}. The policy demands \`deletion\` and \`force_push\`, and GitHub doesn’t enforce it. What happens meanwhile is recorded as inside the gap.\n- Environment \`production\`: unknown ${FROM}, since GitHub doesn’t show \`our_rule\`.`,
  ],
])('%s', (_, controls, shown) => {
  expect(fitSections([controlsSection(controls)]).trim()).toBe(shown);
});
