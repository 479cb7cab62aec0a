import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { armCrashPoint } from './crash-points.ts';

const script = `
  import { armCrashPoint, crashPoint } from '${new URL('crash-points.ts', import.meta.url).href}';
  armCrashPoint(process.argv[1]);
  for (let pass = 1; pass <= 3; pass++) {
    crashPoint('relay.before-publish');
    process.stdout.write(String(pass));
    crashPoint('relay.after-publish');
  }`;

async function run(setting: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, setting]);
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [, signal] = await once(child, 'close');
  return { output, signal };
}

test('a process dies at the armed point, at the pass that was asked for, and nowhere else', async () => {
  expect(await run('relay.before-publish')).toEqual({ output: '', signal: 'SIGKILL' });
  expect(await run('relay.after-publish:2')).toEqual({ output: '12', signal: 'SIGKILL' });
  expect(await run('worker.after-effect')).toEqual({ output: '123', signal: null });
});

test.each(['relay', 'relay.after-publish:0', 'relay.after-publish:x', ''])(
  '"%s" is refused as a crash point',
  (setting) => {
    expect(() => armCrashPoint(setting)).toThrow('use one of');
  },
);
