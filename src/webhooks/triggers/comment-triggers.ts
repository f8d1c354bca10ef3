import { z } from 'zod';
import type { Trigger } from '../../domain/trigger.ts';
import { parseCommand } from '../parse-command.ts';
import type { Envelope } from '../payload.ts';
import { actorSchema, idSchema, parse, repositoryOf } from '../payload.ts';

const commentSchema = z.object({
  issue: z.object({ number: idSchema, pull_request: z.object({}).nullish() }),
  comment: z.object({
    id: idSchema,
    body: z.string(),
    user: actorSchema,
    author_association: z.string().optional(),
    performed_via_github_app: z.object({ id: idSchema }).nullish(),
  }),
});

/**
 * Who belongs to the repository, as GitHub says it beside a comment. A member who conceals it may pass for a stranger, who is only
 * answered more briefly: what somebody may do is never taken from this.
 */
const FAMILIAR: ReadonlySet<string> = new Set(['OWNER', 'MEMBER', 'COLLABORATOR']);

/**
 * A person's new comment on a pull request, whose first line is addressed to us. One that is edited does nothing: whoever reads it
 * later would take something else for what was asked. Nor does one that an App wrote, also in a person's name: an answer that quotes
 * a command must not give it. Issues aren't ours to answer in.
 */
export function commentTriggers(envelope: Envelope): Trigger[] {
  const { action, event, payload, sender } = envelope;
  if (action !== 'created') return [];
  const repository = repositoryOf(envelope);
  const { issue, comment } = parse(event, commentSchema, payload);
  const { user: commenter, performed_via_github_app: via } = comment;
  if (issue.pull_request === null || issue.pull_request === undefined) return [];
  if (commenter === null || commenter.kind !== 'user' || sender?.id !== commenter.id) return [];
  if (via !== null && via !== undefined) return [];
  const command = parseCommand(comment.body);
  if (command === null) return [];
  const stranger = !FAMILIAR.has(comment.author_association ?? '');
  const { number } = issue;
  return [{ kind: 'command', repository, number, commentId: comment.id, commenter, stranger, command }];
}
