import { expect, test } from '@jest/globals';
import type { HostKeyFact } from '../../../src/domain/deployment-facts.ts';
import { fitSections } from '../../../src/effects/fit-sections.ts';
import { hostKeysSection } from '../../../src/effects/render-host-keys.ts';

const enrolled = { host: 'web1.internal:22', enrolled: '0199c0de-0000-7000-8000-00000000002a' };
const SAID = '### Host keys\n\n🔑 Pinned by the operator’s file, not enrolled by a recorded act: ';
const HOW = '. `countersign host add` looks at a host’s key, and records it.';

test.each<readonly [string, readonly HostKeyFact[], string]>([
  ['it goes to no host of ours', [], ''],
  ['all were enrolled', [enrolled], ''],
  [
    'some were not',
    [enrolled, { host: 'web2.internal:22', enrolled: null }, { host: 'web3.internal:2222', enrolled: null }],
    `${SAID}\`web2.internal\`, \`web3.internal:2222\`${HOW}`,
  ],
  [
    'some were not, which have IPv6 addresses: as the command takes them',
    [
      { host: '2001:db8::7:22', enrolled: null },
      { host: '2001:db8::7:2222', enrolled: null },
    ],
    `${SAID}\`[2001:db8::7]\`, \`[2001:db8::7]:2222\`${HOW}`,
  ],
  [
    'a hundred were not',
    Array.from({ length: 100 }, () => ({ host: 'w:22', enrolled: null })),
    `${SAID}${Array(10).fill('`w`').join(', ')} and 90 more${HOW}`,
  ],
])('%s', (_, keys, shown) => {
  expect(fitSections([hostKeysSection(keys)]).trim()).toBe(shown);
});
