import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { FileTokenStore } from '../../src/node/index.js'

vi.setConfig({ testTimeout: 30_000 })

const disk = vi.hoisted(() => ({ failing: '' }))

/** The real file system, whose every call of one name fails as on a full disk when a test says so. */
vi.mock('node:fs/promises', async (importOriginal) => {
  const real = await importOriginal<typeof import('node:fs/promises')>()
  const failIf = (name: string): void => {
    if (disk.failing === name) throw Object.assign(new Error('no space'), { code: 'ENOSPC' })
  }
  return {
    ...real,
    mkdir: async (...values: Parameters<typeof real.mkdir>) => {
      failIf('mkdir')
      return real.mkdir(...values)
    },
    rename: async (...values: Parameters<typeof real.rename>) => {
      failIf('rename')
      return real.rename(...values)
    },
    open: async (...values: Parameters<typeof real.open>) => {
      if (values[1] !== 'r') failIf('open')
      const file = await real.open(...values)
      const { writeFile, sync } = file
      return Object.assign(file, {
        writeFile: async (...data: Parameters<typeof writeFile>) => {
          await writeFile.call(file, disk.failing === 'write' ? 'half of' : data[0])
          failIf('write')
        },
        sync: async () => {
          if (values[1] !== 'r') failIf('sync')
          await sync.call(file)
        },
      })
    },
  }
})

const base = mkdtempSync(join(tmpdir(), 'procore-file-full-'))
afterAll(() => rmSync(base, { recursive: true }), 60_000)
afterEach(() => {
  disk.failing = ''
})

const first = { generation: 'first', value: 'first value' }
const second = { generation: 'second', value: 'second value' }

describe('a disk that is full', () => {
  test.each(['open', 'write', 'sync', 'rename'])('at %s changes nothing', async (call) => {
    const directory = mkdtempSync(join(base, 'store-'))
    const store = new FileTokenStore({ directory })
    await store.put('key', first, undefined)
    disk.failing = call
    await expect(store.put('key', second, 'first')).rejects.toMatchObject({ code: 'ENOSPC' })
    await expect(store.put('new', second, undefined)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await store.get('key')).toEqual(first)
    expect(await store.get('new')).toBeUndefined()
    await expect(store.acquireLease('lease', 'owner', 1_000)).rejects.toMatchObject({
      code: 'ENOSPC',
    })
    disk.failing = ''
    const files = readdirSync(directory, { recursive: true, withFileTypes: true })
    expect(files.filter((entry) => entry.isFile())).toHaveLength(1)
    expect(await store.acquireLease('lease', 'owner', 1_000)).toBe(true)
    expect(await store.put('key', second, 'first')).toBe(true)
    expect(await store.put('new', second, undefined)).toBe(true)
  })

  test('at mkdir changes nothing', async () => {
    const store = new FileTokenStore({ directory: mkdtempSync(join(base, 'store-')) })
    await store.put('key', first, undefined)
    disk.failing = 'mkdir'
    await expect(store.put('new', second, undefined)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await store.get('new')).toBeUndefined()
  })

  test('for real changes nothing, and works on when there is room', async ({ skip }) => {
    const directory = join(base, 'small')
    mkdirSync(directory)
    try {
      const options = ['-t', 'tmpfs', '-o', 'size=128k,mode=0700', 'tmpfs', directory]
      execFileSync('/bin/mount', options, { stdio: 'ignore' })
    } catch {
      process.stderr.write('not tried: a disk that is full for real, as nothing may be mounted\n')
      skip('nothing may be mounted here; the full disk is played above')
    }
    try {
      const store = new FileTokenStore({ directory })
      const large = { generation: 'large', value: 'x'.repeat(65_536) }
      await store.put('key', first, undefined)
      await store.put('filler', large, undefined)
      await expect(store.put('key', large, 'first')).rejects.toMatchObject({ code: 'ENOSPC' })
      await expect(store.put('new', large, undefined)).rejects.toMatchObject({ code: 'ENOSPC' })
      expect(await store.get('key')).toEqual(first)
      expect(await store.get('new')).toBeUndefined()
      expect(await store.delete('filler', 'large')).toBe(true)
      expect(await store.put('key', large, 'first')).toBe(true)
      expect(await store.get('key')).toEqual(large)
    } finally {
      execFileSync('/bin/umount', [directory])
    }
  })
})
