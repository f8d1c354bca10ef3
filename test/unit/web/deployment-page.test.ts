import { describe, expect, test } from '@jest/globals';
import { deploymentPage, type LogLine, type ShownDeployment } from '../../../src/web/deployment-page.ts';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 10, 28, 10, 0, seconds));
const line = (seconds: number, kind: LogLine['kind'], step: string, text = '', host = 'web1'): LogLine => ({
  at: at(seconds),
  host,
  step,
  kind,
  text,
});

function shown(lines: readonly LogLine[], more: Partial<ShownDeployment> = {}): string {
  return deploymentPage({
    repository: 'acme/shop',
    environment: 'production',
    sha: '1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d',
    state: 'running',
    showsOutput: true,
    cut: false,
    lines,
    ...more,
  });
}

/** Each step as `mark name took message`, and its output. */
function steps(page: string): string[] {
  return [...page.matchAll(/<li>(.*?)<\/li>/gs)].map(([, item = '']) =>
    item
      .replace(/<pre>(.*?)<\/pre>/s, '|$1|')
      .replaceAll(/<[^>]+>/g, ' ')
      .replaceAll(/ +/g, ' ')
      .trim(),
  );
}

describe('the page of a deployment', () => {
  test('has each step with how long it took, and what was printed in it', () => {
    const page = shown([
      line(0, 'started', 'stage'),
      line(3, 'finished', 'stage'),
      line(3, 'started', 'before_switch'),
      line(4, 'output', 'before_switch', 'one'),
      line(5, 'output', 'before_switch', 'two'),
    ]);
    expect(steps(page)).toEqual(['✓ stage 3.0 s', '● before-switch |one\ntwo|']);
  });

  test('after a crash the step that was taken up again is there twice', () => {
    const page = shown([
      line(0, 'started', 'build'),
      line(60, 'started', 'build'),
      line(61, 'finished', 'build'),
    ]);
    expect(steps(page)).toEqual(['● build', '✓ build 1.0 s']);
  });

  test('hosts are apart, however their lines are mixed', () => {
    const page = shown([
      line(0, 'started', 'stage', '', 'web1'),
      line(0, 'started', 'stage', '', 'web2'),
      line(1, 'failed', 'stage', 'The disk of web2 became full.', 'web2'),
      line(2, 'finished', 'stage', '', 'web1'),
    ]);
    expect(steps(page)).toEqual(['✓ stage 2.0 s', '✗ stage 1.0 s The disk of web2 became full.']);
  });

  test.each(['running', 'unknown'] as const)('%s: it brings itself up to date', (state) => {
    expect(shown([], { state })).toContain('http-equiv="refresh"');
  });
  test.each(['succeeded', 'failed'] as const)('%s: it stays as it is', (state) => {
    expect(shown([], { state })).not.toContain('http-equiv="refresh"');
  });

  test('what others wrote is text, wherever it stands', () => {
    const evil = `"><script>alert('x')</script>`;
    const page = shown(
      [
        line(0, 'started', evil, '', evil),
        line(1, 'output', evil, evil, evil),
        line(2, 'failed', evil, evil, evil),
      ],
      { repository: evil, environment: evil, sha: evil },
    );
    expect(page).not.toContain('<script');
    expect(page).not.toContain(`"><`);
  });

  test('what may not be shown isn’t', () => {
    const page = shown([line(0, 'started', 'build'), line(1, 'output', 'build', 'printed')], {
      showsOutput: false,
    });
    expect(page).not.toContain('printed');
    expect(page).toContain('isn’t shown here');
  });
});
