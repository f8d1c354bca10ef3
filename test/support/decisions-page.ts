/** The gates as a specification to read: `docs/decisions.md`, made of the very rows that the tests run. */
import type { ChangeFacts } from '../../src/domain/change-facts.ts';
import type { Decision } from '../../src/domain/decision.ts';
import type { DeploymentFacts } from '../../src/domain/deployment-facts.ts';
import type { MergeGroupFacts } from '../../src/domain/merge-group-facts.ts';
import { REASON_CODES } from '../../src/domain/reason.ts';
import { evaluateChange } from '../../src/policy/evaluate-change.ts';
import { evaluateDeployment } from '../../src/policy/evaluate-deployment.ts';
import { evaluateMergeGroup } from '../../src/policy/evaluate-merge-group.ts';
import { explain } from '../../src/policy/explain.ts';
import type { PolicyReading } from '../../src/policy/policy-reading.ts';
import { REASON_GUIDE } from '../../src/policy/reason-guide.ts';
import { allChangeCases, allDeploymentCases, allMergeGroupCases } from '../unit/policy/all-cases.ts';
import type { Case } from '../unit/policy/case.ts';
import { policyOf } from './make-facts.ts';

type Table<Facts extends ChangeFacts | DeploymentFacts | MergeGroupFacts> = readonly (readonly [
  string,
  readonly Case<Facts>[],
])[];

const count = (table: readonly (readonly [string, readonly unknown[]])[]) =>
  table.reduce((sum, [, rows]) => sum + rows.length, 0);

export function decisionsPage(): string {
  const cases = count(allChangeCases) + count(allMergeGroupCases) + count(allDeploymentCases);
  return [
    '# Every decision',
    '',
    `What the gates decide, as ${cases} cases. This page is generated (\`npm run docs\`) from the rows that the tests run, so each line of it`,
    'was decided by the code that decides for you. A row says what is different from a case that is approved, what one gate then',
    'comes to, and what people read about it; the verdict is that of all gates together. [The policy](policy.md) explains the keys.',
    '',
    '## Changes',
    '',
    ...sections(allChangeCases, evaluateChange),
    '## Merge groups',
    '',
    ...sections(allMergeGroupCases, evaluateMergeGroup),
    '## Deployments',
    '',
    ...sections(allDeploymentCases, evaluateDeployment),
    '## Reason codes',
    '',
    'Codes stand in ledger entries and don’t change. The sentences in the check runs say more: who, which commit, which check.',
    '',
    '| code | what it means | what to do |',
    '| --- | --- | --- |',
    ...REASON_CODES.map((code) => {
      const { means, mend } = REASON_GUIDE[code];
      return `| \`${code}\` | ${means} | ${mend ?? '—'} |`;
    }),
    '',
  ].join('\n');
}

function sections<Facts extends ChangeFacts | DeploymentFacts | MergeGroupFacts>(
  table: Table<Facts>,
  evaluate: (reading: PolicyReading, facts: Facts) => Decision,
): readonly string[] {
  return table.flatMap(([title, rows]) => [
    `### ${title.charAt(0).toUpperCase()}${title.slice(1)}`,
    '',
    '| case | gate | verdict | what is said |',
    '| --- | --- | --- | --- |',
    ...rows.map((row) => {
      const decision = evaluate(
        row.reading ?? { kind: 'valid', policy: row.policy ?? policyOf() },
        row.facts,
      );
      const gate = decision.gates.find((each) => each.gate === row.gate);
      const said = gate?.reasons.map((reason) => explain(reason).replaceAll('|', '\\|')) ?? [];
      return `| ${row.name.replaceAll('|', '\\|')} | \`${row.gate}\` ${gate?.outcome.replace('_', ' ') ?? 'missing'} | ${decision.verdict.replace('_', ' ')} | ${said.join('<br>')} |`;
    }),
    '',
  ]);
}
