import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { fileBench, namesOfOnePart } from './support/file-bench.js'

vi.setConfig({ testTimeout: 30_000 })

const first = { generation: 'first', value: 'first value' }
const second = { generation: 'second', value: 'second value' }
const bench = fileBench()

describe('a damaged file', () => {
  const damages: Readonly<Record<string, (content: string) => string>> = {
    'is empty': () => '',
    'was cut off': (content) => content.slice(0, -20),
    'lost its last character': (content) => content.slice(0, -1),
    'has another character in it': (content) => content.replace('first value', 'First value'),
    'is full of zeros': (content) => '\u0000'.repeat(content.length),
    'is something else': () => '{"generation":"first","value":"first value"}',
  }

  test.each(Object.entries(damages))('that %s makes calls reject and stays', async (_, damage) => {
    await bench.store.put('key', first, undefined)
    const file = bench.onlyFile()
    const damaged = damage(readFileSync(file, 'utf8'))
    await writeFile(file, damaged)
    const corrupted = { code: 'ERR_PROCORE_STORE_CORRUPTED' }
    await expect(bench.store.get('key')).rejects.toMatchObject(corrupted)
    await expect(bench.store.put('key', second, undefined)).rejects.toMatchObject(corrupted)
    await expect(bench.store.put('key', second, 'first')).rejects.toMatchObject(corrupted)
    await expect(bench.store.delete('key', 'first')).rejects.toMatchObject(corrupted)
    await expect(bench.listed()).rejects.toMatchObject(corrupted)
    expect(readFileSync(bench.onlyFile(), 'utf8')).toBe(damaged)
  })

  test('that is gone from its place is not a missing record', async () => {
    await bench.store.put('key', first, undefined)
    rmSync(bench.onlyFile())
    const corrupted = { code: 'ERR_PROCORE_STORE_CORRUPTED' }
    await expect(bench.store.get('key')).rejects.toMatchObject(corrupted)
    await expect(bench.store.put('key', second, undefined)).rejects.toMatchObject(corrupted)
  })

  test('tells nothing of what is in it', async () => {
    await bench.store.put('key', { generation: 'first', value: 'a secret' }, undefined)
    await writeFile(
      bench.onlyFile(),
      readFileSync(bench.onlyFile(), 'utf8').replace('first', 'fIrst'),
    )
    await expect(bench.store.get('key')).rejects.not.toThrow(/secret|first/i)
  })

  test('of one lease does not keep others from theirs', async () => {
    const [damaged = '', ...others] = namesOfOnePart(10)
    await bench.store.acquireLease(damaged, 'owner', 1_000)
    await writeFile(bench.onlyFile(), '')
    await expect(bench.store.acquireLease(damaged, 'owner', 1_000)).rejects.toThrow()
    for (const name of others) {
      expect(await bench.store.acquireLease(name, 'owner', 1_000)).toBe(true)
    }
  })
})

test('a record in the place of another key is refused', async () => {
  await bench.store.put('mine', first, undefined)
  await bench.store.put('yours', second, undefined)
  const records = join(bench.directory, 'records')
  const [one = '', two = ''] = readdirSync(records)
  await rename(join(records, one), join(records, 'aside'))
  await rename(join(records, two), join(records, one))
  await rename(join(records, 'aside'), join(records, two))
  await expect(bench.store.get('mine')).rejects.toMatchObject({
    code: 'ERR_PROCORE_STORE_CORRUPTED',
  })
  await expect(bench.store.put('yours', first, 'first')).rejects.toThrow()
})

test('a lease in the place of a record is refused', async () => {
  await bench.store.put('key', first, undefined)
  await bench.store.acquireLease('key', 'owner', 1_000)
  const [name = ''] = readdirSync(join(bench.directory, 'records'))
  rmSync(join(bench.directory, 'records', name), { recursive: true })
  await rename(
    join(bench.directory, 'leases', name.slice(0, 2), name),
    join(bench.directory, 'records', name),
  )
  await expect(bench.store.get('key')).rejects.toMatchObject({
    code: 'ERR_PROCORE_STORE_CORRUPTED',
  })
})
