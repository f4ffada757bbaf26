import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { rolldown } from 'rolldown'

/** A program for processes of its own: TypeScript, in one file with all it imports. */
export interface Program {
  /** Starts it in one process. */
  readonly start: (task: object) => ChildProcessByStdio<null, Readable, null>
  /** Runs it in several processes at once and returns what each printed, parsed. */
  readonly run: <Result>(tasks: readonly object[]) => Promise<Result[]>
  readonly remove: () => Promise<void>
}

/** Builds a program from its source. */
export async function buildProgram(input: string): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'procore-auth-program-'))
  const file = join(folder, 'program.mjs')
  const bundle = await rolldown({
    input,
    platform: 'node',
    external: ['pg-native'],
    resolve: { conditionNames: ['procore-auth-source', 'node', 'default'] },
  })
  await bundle.write({ file, format: 'esm', codeSplitting: false })
  await bundle.close()
  const start = (task: object) =>
    spawn(process.execPath, [file, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'inherit'] })
  return {
    start,
    run: (tasks) =>
      Promise.all(
        tasks.map(async (task) => {
          const child = start(task)
          const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
          if (code !== 0) throw new Error(`a process ended with ${code}`)
          return JSON.parse(output)
        }),
      ),
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
