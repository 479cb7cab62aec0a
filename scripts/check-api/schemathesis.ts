import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const SCHEMATHESIS = 'schemathesis==4.32.5';

// That it answers within a time is for the bench.
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
  'ignored_auth',
];

/** Schemathesis in a virtual environment in `folder`, installed when it is not there yet. */
export async function openSchemathesis(folder: string) {
  const program = (name: string) => join(folder, 'venv', 'bin', name);

  /** Runs a command with its output shown; its exit code. */
  function run(command: string, args: string[]): Promise<number> {
    const child = spawn(command, args, { cwd: folder, stdio: 'inherit' });
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
  }

  if (!existsSync(program('schemathesis'))) {
    console.log(`Installing ${SCHEMATHESIS} …`);
    const made = await run('python3', ['-m', 'venv', 'venv']).catch(() => 1);
    if (made !== 0)
      throw new Error('python3 with venv is needed: install it (on Debian: apt install python3-venv).');
    if ((await run(program('python'), ['-m', 'pip', 'install', '--quiet', SCHEMATHESIS])) !== 0) {
      throw new Error(`${SCHEMATHESIS} could not be installed: see above; PyPI must be reachable once.`);
    }
  }

  type Options = {
    gatewayUrl: string;
    token: string;
    examples: string;
    only?: string;
    except?: string;
    configFile?: string;
  };

  /** Sends requests made from the document, and true when every answer was as it says. */
  return async ({ gatewayUrl, token, examples, only, except, configFile }: Options): Promise<boolean> => {
    const code = await run(program('schemathesis'), [
      ...(configFile ? ['--config-file', configFile] : []),
      'run',
      `${gatewayUrl}/openapi.json`,
      '--header',
      `Authorization: Bearer ${token}`,
      '--checks',
      CHECKS.join(','),
      // A live stream never ends, by its nature.
      '--exclude-path-regex',
      except ? `/events$|${except}` : '/events$',
      ...(only ? ['--include-path-regex', only] : []),
      '--max-examples',
      examples,
      '--continue-on-failure',
      '--no-shrink',
      '--request-timeout',
      '20',
    ]);
    return code === 0;
  };
}
