import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { installPacked } from './support/packed.js'

const root = join(import.meta.dirname, '..')
const names = await readdir(join(root, 'packages'))
const run = promisify(execFile)

let consumer: string

beforeAll(async () => {
  consumer = await mkdtemp(join(tmpdir(), 'procore-auth-consumer-'))
  await installPacked(consumer, names)
}, 120_000)

afterAll(() => rm(consumer, { recursive: true, force: true }))

/** Runs a program of somebody who has installed the packages; returns what it prints as JSON. */
async function print(file: string, source: string): Promise<unknown> {
  await writeFile(join(consumer, file), source)
  const { stdout } = await run(process.execPath, ['--no-warnings', file], { cwd: consumer })
  return JSON.parse(stdout)
}

describe.each(names)('%s, packed', (name) => {
  test('is one module to import and require, with nothing missing', async () => {
    const specifier = `@procore-auth/${name}`
    const imported = await print(
      `${name}.mjs`,
      `import { createRequire } from 'node:module'
       import * as imported from '${specifier}'
       const required = createRequire(import.meta.url)('${specifier}')
       const same = Object.keys(imported).every((name) => imported[name] === required[name])
       console.log(JSON.stringify({ names: Object.keys(imported), same }))`,
    )
    const required = await print(
      `${name}.cjs`,
      `console.log(JSON.stringify({ names: Object.keys(require('${specifier}')), same: true }))`,
    )
    expect(imported).toEqual({ names: expect.arrayContaining([expect.any(String)]), same: true })
    expect(required).toEqual(imported)
  })

  test('has its README, the license and its sources, and asks for no version of this workspace', async () => {
    const folder = join(consumer, 'node_modules/@procore-auth', name)
    expect(await readdir(folder)).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'package.json', 'src']),
    )
    expect(await readFile(join(folder, 'package.json'), 'utf8')).not.toContain('workspace:')
  })
})

describe.each(['esm.mts', 'commonjs.cts'])('a strict TypeScript program, %s,', (file) => {
  test('compiles with every adapter installed side by side, without a cast', async () => {
    const source = join(import.meta.dirname, 'packaging', file)
    await writeFile(join(consumer, file), await readFile(source))
    const options = ['--strict', '--noEmit', '--target', 'es2022', '--experimentalDecorators']
    const modules = ['--module', 'nodenext', '--types', 'node', '--skipLibCheck', 'false']
    const tsc = join(root, 'node_modules/.bin/tsc')
    const faults = await run(tsc, [...options, ...modules, file], { cwd: consumer }).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    )
    expect(faults).toBe('')
  })
})
