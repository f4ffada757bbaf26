import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** What a program did from its start to its end. */
export interface Finished {
  readonly code: number | null
  readonly output: string
}

/** A program that runs. */
export interface Running {
  readonly child: ChildProcess
  /** Everything it has printed so far. */
  output(): string
  /** Resolves when it has printed a text. */
  printed(text: string): Promise<void>
  /** Asks it to end, as Ctrl+C does, and waits until it has. */
  stop(): Promise<Finished>
}

/** Variables besides PATH and HOME; nothing else is inherited. */
type Variables = Readonly<Record<string, string>>

/**
 * Starts a compiled program of an example.
 *
 * @param script such as `express-tutorial/dist/main.js`; with `input`, what is typed into it
 */
export function startExample(
  script: string | { readonly script: string; readonly input: string },
  env: Variables = {},
): Running {
  const { script: file, input } = typeof script === 'string' ? { script, input: '' } : script
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [join(root, 'examples', file)], {
    env: { PATH, HOME, ...env },
    stdio: 'pipe',
  })
  child.stdin.end(input)
  let output = ''
  const ended = once(child, 'close')
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      child.emit('printed')
    })
  }
  return {
    child,
    output: () => output,
    printed: async (text) => {
      while (!output.includes(text)) {
        const event = await Promise.race([once(child, 'printed'), ended.then(() => undefined)])
        if (!event) throw new Error(`${file} ended before it printed "${text}":\n${output}`)
      }
    },
    stop: async () => {
      if (child.exitCode === null) child.kill('SIGINT')
      await ended
      return { code: child.exitCode, output }
    },
  }
}

/** Runs a compiled program of an example to its end. */
export async function runExample(
  script: string | { readonly script: string; readonly input: string },
  env: Variables = {},
): Promise<Finished> {
  const { child, output } = startExample(script, env)
  await once(child, 'close')
  return { code: child.exitCode, output: output() }
}

/** Returns a port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (!address || typeof address === 'string') throw new Error('There is no free port')
  return address.port
}
