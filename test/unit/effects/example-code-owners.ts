/** A change whose files have several owners, judged for real: what its check run says of each group of files. */
import type { Decision } from '../../../src/domain/decision.ts';
import type { ChangeFacts } from '../../../src/domain/change-facts.ts';
import { known } from '../../../src/domain/known.ts';
import type { ExplainedDecision } from '../../../src/effects/explained-decision.ts';
import { evaluateChange } from '../../../src/policy/evaluate-change.ts';
import { explain } from '../../../src/policy/explain.ts';
import { shownApprovals } from '../../../src/policy/shown-approvals.ts';
import { whoCanMend } from '../../../src/policy/who-can-mend.ts';
import {
  all,
  bob,
  carol,
  dave,
  makeChangeFacts,
  makeFile,
  makeReview,
  makeRoles,
  sha,
  withChanges,
} from '../../support/make-facts.ts';

const OWNERS = `/public/ @carol
/billing/ @acme/payments docs@example.com
/config/ @alice
/legacy/ carol
`;

const policy = withChanges({
  approvals: { required: 1, from: { teams: ['maintainers'], codeowners: true } },
});
const roles = makeRoles({
  teams: { payments: known([dave.id]) },
  permissions: Object.fromEntries([bob, carol, dave].map(({ id }) => [String(id), known('write')])),
});

export const ownedFacts: ChangeFacts = makeChangeFacts({
  files: all(
    ...[
      'public/index.html',
      'billing/a.ts',
      'billing/b.ts',
      'billing/c.ts',
      'billing/d.ts',
      'config/app.json',
    ].map((path) => makeFile(path)),
    makeFile('src/old.ts', { status: 'renamed', previousPath: 'legacy/old.ts' }),
  ),
  codeOwners: known({ path: '.github/CODEOWNERS', commit: sha('base'), text: OWNERS }),
  reviews: all(
    makeReview({ id: 1 }),
    makeReview({ id: 2, author: carol }),
    makeReview({ id: 3, author: dave, commit: sha('older') }),
  ),
  roles: {
    ...roles,
    owningTeams: { payments: known(true) },
    ownersByEmail: { 'docs@example.com': known(6) },
  },
});

export const ownedDecision: Decision = evaluateChange({ kind: 'valid', policy }, ownedFacts);

export const ownedExplained: Pick<ExplainedDecision, 'gates' | 'missing' | 'approvals'> = {
  gates: ownedDecision.gates.map(({ gate, outcome, reasons }) => ({
    gate,
    outcome,
    sentences: reasons.map(explain),
  })),
  missing: whoCanMend(ownedDecision, ownedFacts),
  approvals: shownApprovals(policy, ownedFacts),
};
