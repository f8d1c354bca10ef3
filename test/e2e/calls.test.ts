import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const FILES = {
  demo: fileURLToPath(new URL('../../demo/main.ts', import.meta.url)),
  countersign: fileURLToPath(new URL('../../src/main.ts', import.meta.url)),
};

/** As a process of its own: what it says on both streams, and its exit code. */
function call(
  file: keyof typeof FILES,
  ...args: readonly string[]
): Promise<{ readonly code: number; readonly said: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [FILES[file], ...args], (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, said: stdout + stderr });
    });
  });
}

test.each([
  ['an unknown option', ['--nope'], "Unknown option '--nope'"],
  ['a directory that is not named', ['--export'], 'argument missing'],
  ['a word too many', ['extra'], "Unexpected argument 'extra'"],
  ['a directory that holds something', ['--export', import.meta.dirname], 'is there already'],
])('the demo is not begun with %s', async (_, args, says) => {
  const { code, said } = await call('demo', ...args);
  expect(code).toBe(2);
  expect(said).toContain(`demo: `);
  expect(said).toContain(says);
  expect(said).toContain('npm run demo -- [--keep]');
  expect(said).not.toContain('    at ');
});

test('the command line says which version it is, and what it can not read', async () => {
  expect(await call('countersign', '--version')).toMatchObject({
    code: 0,
    said: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
  });
  const wrong = await call('countersign', 'start', '--environment');
  expect(wrong.code).toBe(2);
  expect(wrong.said).toContain('countersign start [--environment NAME');
  expect(wrong.said).not.toContain('    at ');
});
