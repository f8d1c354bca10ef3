import type { ChangeFacts } from '../../domain/change-facts.ts';
import type { GateResult } from '../../domain/decision.ts';
import { failed, passed, pending } from '../gate-result.ts';
import { reason } from '../reasons.ts';

const GATE = 'pull_request';

/** Whether there is anything to merge: an open pull request that is no draft, or one that was merged. */
export function pullRequestGate({ pullRequest }: ChangeFacts): GateResult {
  const about = { pullRequest: pullRequest.number };
  switch (pullRequest.state) {
    case 'merged':
      return passed(GATE, reason('pull_request_merged', about));
    case 'closed':
      return failed(GATE, reason('pull_request_closed', about));
    case 'open':
      return pullRequest.draft
        ? pending(GATE, reason('pull_request_draft', about))
        : passed(GATE, reason('pull_request_open', about));
  }
}
