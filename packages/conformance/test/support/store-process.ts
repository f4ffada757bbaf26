import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { promisify } from 'node:util'
import { afterAll, afterEach } from 'vitest'

const worker = join(import.meta.dirname, 'store-worker.js')
const tsc = join(
  dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
  'bin/tsc',
)

/** A process with a store of its own. */
export interface StoreProcess {
  /** Calls a method of the store there, or `count` with key, rounds and a name. */
  call(method: string, ...values: readonly unknown[]): Promise<unknown>
  /** Sends a signal; resolves when the process is gone, if that is what the signal does. */
  signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>
}

/** Compiles a package to a directory that is removed in the end, for processes to load. */
export async function compilePackage(directory: string): Promise<string> {
  const output = mkdtempSync(join(tmpdir(), 'procore-compiled-'))
  afterAll(() => rmSync(output, { recursive: true }), 60_000)
  writeFileSync(join(output, 'package.json'), '{ "type": "module" }')
  const options = [
    '--composite',
    'false',
    '--isolatedDeclarations',
    'false',
    '--declaration',
    'false',
    '--declarationMap',
    'false',
  ]
  await promisify(execFile)(process.execPath, [
    tsc,
    '-p',
    directory,
    '--outDir',
    output,
    '--noCheck',
    '--sourceMap',
    'false',
    ...options,
  ])
  return output
}

/** Returns a function that starts processes, which are killed after each test. */
export function storeProcesses(): (...adapter: readonly string[]) => Promise<StoreProcess> {
  const running = new Set<ChildProcess>()
  afterEach(async () => {
    await Promise.all([...running].map(kill))
    running.clear()
  })
  return async (...adapter) => {
    const child = spawn(process.execPath, [worker, ...adapter], {
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    running.add(child)
    const lines = createInterface({ input: child.stdout })
    await nextLine(child, lines)
    return {
      call: async (method, ...values) => {
        const answer = nextLine(child, lines)
        child.stdin.write(`${JSON.stringify([method, ...values])}\n`)
        const { result, error }: { result?: unknown; error?: string } = JSON.parse(await answer)
        if (error !== undefined) throw new Error(error)
        return result
      },
      signal: async (signal) => {
        if (signal === 'SIGKILL') await kill(child)
        else child.kill(signal)
      },
    }
  }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

function nextLine(child: ChildProcess, lines: Interface): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (): void => reject(new Error('the process ended'))
    child.once('exit', fail)
    lines.once('line', (line) => {
      child.off('exit', fail)
      resolve(line)
    })
  })
}
