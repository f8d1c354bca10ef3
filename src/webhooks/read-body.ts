import type { IncomingMessage } from 'node:http';

/** Why a body could not be had. */
export type BodyProblem = 'too_large' | 'too_slow' | 'aborted' | 'busy';

/** Bytes of bodies that are being read, over all requests: anyone can send us some before we know who it is. */
export interface BodyBudget {
  used: number;
  readonly limit: number;
}

export interface BodyLimits {
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly budget: BodyBudget;
}

/** Reads a body up to the limits. It stops reading at once when one is passed, and never throws. */
export async function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer | BodyProblem> {
  const { maxBytes, timeoutMs, budget } = limits;
  const chunks: Buffer[] = [];
  let size = 0;
  return await new Promise((resolve) => {
    const finish = (result: Buffer | BodyProblem): void => {
      clearTimeout(deadline);
      budget.used -= size;
      size = 0;
      request.off('data', onData).off('end', onEnd).off('error', onAbort).off('close', onAbort).pause();
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      budget.used += chunk.length;
      if (size > maxBytes) finish('too_large');
      else if (budget.used > budget.limit) finish('busy');
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      finish(Buffer.concat(chunks));
    };
    const onAbort = (): void => {
      finish('aborted');
    };
    const deadline = setTimeout(() => {
      finish('too_slow');
    }, timeoutMs);
    request.on('data', onData).on('end', onEnd).on('error', onAbort).on('close', onAbort);
  });
}
