import { chmodSync, chownSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { rename, utimes, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { fileBench, namesOfOnePart } from './support/file-bench.js'

vi.setConfig({ testTimeout: 30_000 })

const first = { generation: 'first', value: 'first value' }
const second = { generation: 'second', value: 'second value' }
const bench = fileBench()

describe('modes', () => {
  test('files are 0600 and directories 0700, whatever the umask', async () => {
    const before = process.umask(0)
    try {
      await bench.store.put('key', first, undefined)
      await bench.store.put('key', second, 'first')
      await bench.store.acquireLease('lease', 'owner', 1_000)
    } finally {
      process.umask(before)
    }
    const paths = readdirSync(bench.directory, { recursive: true, encoding: 'utf8' })
    for (const path of ['.', ...paths]) {
      const stats = statSync(join(bench.directory, path))
      expect(stats.mode & 0o777, path).toBe(stats.isFile() ? 0o600 : 0o700)
    }
  })

  test.each([0o750, 0o705, 0o777])(
    'a directory of mode %o is refused, and not changed',
    async (mode) => {
      mkdirSync(bench.directory, { recursive: true })
      chmodSync(bench.directory, mode)
      await expect(bench.store.get('key')).rejects.toMatchObject({
        code: 'ERR_PROCORE_STORE_DIRECTORY',
      })
      await expect(bench.store.put('key', first, undefined)).rejects.toThrow()
      expect(statSync(bench.directory).mode & 0o777).toBe(mode)
      expect(readdirSync(bench.directory)).toEqual([])
    },
  )

  test('a directory that was refused works once it is closed to others', async () => {
    mkdirSync(bench.directory, { recursive: true, mode: 0o755 })
    await expect(bench.store.get('key')).rejects.toThrow()
    chmodSync(bench.directory, 0o700)
    expect(await bench.store.put('key', first, undefined)).toBe(true)
  })

  test('a file that was opened to others is closed again when it is read', async () => {
    await bench.store.put('key', first, undefined)
    chmodSync(bench.onlyFile(), 0o644)
    expect(await bench.store.get('key')).toEqual(first)
    expect(statSync(bench.onlyFile()).mode & 0o777).toBe(0o600)
  })

  test.runIf(process.geteuid?.() === 0)('a directory of another user is refused', async () => {
    mkdirSync(bench.directory, { recursive: true, mode: 0o700 })
    chownSync(bench.directory, 65_534, 65_534)
    await expect(bench.store.get('key')).rejects.toMatchObject({
      code: 'ERR_PROCORE_STORE_DIRECTORY',
    })
  })
})

describe('a key', () => {
  test.each(['../../escaped', '/etc/passwd', '..', 'a/b/c', 'nul\u0000', '\n', '~', '-rf'])(
    '%j stays in the directory and is no part of a path',
    async (key) => {
      const around = join(bench.directory, '..', '..')
      await bench.store.put(key, first, undefined)
      await bench.store.acquireLease(key, 'owner', 1_000)
      const outside = readdirSync(around, { recursive: true, encoding: 'utf8' }).filter((path) =>
        relative(bench.directory, join(around, path)).startsWith('../..'),
      )
      expect(outside).toEqual([])
      for (const path of bench.files())
        expect(path.slice(bench.directory.length)).toMatch(/^[0-9a-z./]+$/)
    },
  )
})

test('a directory that disappears is not an empty store', async () => {
  await bench.store.put('key', first, undefined)
  await rename(bench.directory, `${bench.directory}-away`)
  await expect(bench.store.get('key')).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(bench.store.put('new', first, undefined)).rejects.toMatchObject({ code: 'ENOENT' })
  await expect(bench.store.acquireLease('lease', 'owner', 1_000)).rejects.toMatchObject({
    code: 'ENOENT',
  })
  await expect(bench.store.delete('key', 'first')).rejects.toMatchObject({ code: 'ENOENT' })
  await rename(`${bench.directory}-away`, bench.directory)
  expect(await bench.store.get('key')).toEqual(first)
})

test('files that somebody else put there are no records', async () => {
  await bench.store.put('key', first, undefined)
  await writeFile(join(bench.directory, 'records', '.DS_Store'), '')
  const [name = ''] = readdirSync(join(bench.directory, 'records')).filter(
    (each) => each !== '.DS_Store',
  )
  await writeFile(join(bench.directory, 'records', name, '.DS_Store'), '')
  expect(await bench.store.get('key')).toEqual(first)
  expect(await bench.listed()).toEqual(['key'])
})

describe('what is left behind', () => {
  test('is one file for a key, however often it was written', async () => {
    await bench.store.put('key', first, undefined)
    for (let round = 0; round < 10; round += 1) await bench.store.put('key', first, 'first')
    await Promise.all(Array.from({ length: 20 }, () => bench.store.put('key', second, 'first')))
    await bench.store.put('key', first, 'second')
    bench.onlyFile()
  })

  test('is nothing of what was deleted or given back', async () => {
    await bench.store.put('key', first, undefined)
    await bench.store.delete('key', 'first')
    await bench.store.acquireLease('lease', 'owner', 1_000)
    await bench.store.releaseLease('lease', 'owner')
    expect(bench.files()).toEqual([])
    expect(readdirSync(join(bench.directory, 'records'))).toEqual([])
  })

  test('is swept when it is a lease that ended, four of the same part with each acquisition', async () => {
    const [last = '', live = '', ...old] = namesOfOnePart(22)
    await bench.store.acquireLease(live, 'owner', 60_000)
    for (const name of old) await bench.store.acquireLease(name, 'owner', 1_000)
    bench.now += 1_001
    await bench.store.acquireLease(last, 'owner', 1_000)
    const left = bench.files('leases').length
    expect(left === 18 || left === 19).toBe(true)
    for (let round = 0; round < 40; round += 1) await bench.store.acquireLease(last, 'owner', 1_000)
    expect(bench.files('leases')).toHaveLength(2)
    expect(await bench.store.acquireLease(live, 'other', 1_000)).toBe(false)
  })

  test('is swept when a process died: what it threw away at once, what it prepared after an hour', async () => {
    await bench.store.put('key', first, undefined)
    const temporary = join(bench.directory, 'temporary')
    for (const name of ['trash-1', 'new-old', 'new-young']) mkdirSync(join(temporary, name))
    const longAgo = Date.now() / 1_000 - 3_601
    await utimes(join(temporary, 'new-old'), longAgo, longAgo)
    await bench.store.put('another', first, undefined)
    expect(readdirSync(temporary)).toEqual(['new-young'])
  })
})
