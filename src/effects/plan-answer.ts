/** From the answer to a command to what is written under its comment. Pure. */
import type { CommandAnswer } from '../domain/command-answer.ts';
import type { Effect } from '../domain/effect.ts';
import type { RepositoryRef } from '../domain/repository.ts';
import { type AnswerPlace, renderCommandAnswer } from './render-command-answer.ts';

/** The comment that a command stood in. */
export interface Commented {
  readonly repository: RepositoryRef;
  readonly number: number;
  readonly commentId: number;
}

type Reaction = Extract<Effect, { kind: 'reaction' }>;

/** One reaction to a comment; `of` makes its key, and is the entry that it follows from where there is one. */
export function planReaction(
  { repository, number, commentId }: Commented,
  content: Reaction['content'],
  of: string,
): Effect {
  return { kind: 'reaction', key: `reaction:${content}:${of}`, repository, number, commentId, content };
}

/**
 * A thumb, by which whoever wrote the command sees at a glance what became of it, and a comment that says it; `quiet`: the thumb alone,
 * for a stranger who had their comment.
 */
export function planAnswer(
  commented: Commented,
  answer: CommandAnswer,
  context: Omit<AnswerPlace, 'repository'> & { readonly now: string; readonly quiet?: boolean },
): readonly Effect[] {
  const { repository, number } = commented;
  const { now: plannedAt, quiet = false, ...place } = context;
  const { entryId } = place;
  const thumb = planReaction(commented, answer.verdict === 'refused' ? '-1' : '+1', entryId);
  if (quiet) return [thumb];
  return [
    thumb,
    {
      kind: 'comment',
      key: `comment:${entryId}`,
      repository,
      number,
      body: renderCommandAnswer(answer, { repository, ...place }),
      plannedAt,
    },
  ];
}
