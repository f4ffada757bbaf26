import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  compilePackage,
  type StoreProcess,
  storeProcesses,
} from '../../../conformance/test/support/store-process.js'
import { FileTokenStore } from '../../src/node/index.js'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const PROCESSES = 8
const ROUNDS = 25
const LONG_MS = 60_000

const base = mkdtempSync(join(tmpdir(), 'procore-file-processes-'))
afterAll(() => rmSync(base, { recursive: true }), 60_000)

const startProcess = storeProcesses()
let compiled = ''
let directory = base
let store = new FileTokenStore({ directory })

beforeAll(async () => {
  compiled = await compilePackage(join(import.meta.dirname, '../..'))
})
beforeEach(() => {
  directory = join(mkdtempSync(join(base, 'test-')), 'store')
  store = new FileTokenStore({ directory })
})

function start(): Promise<StoreProcess> {
  return startProcess(
    join(import.meta.dirname, 'support/file-store-adapter.js'),
    compiled,
    directory,
  )
}

function startAll(): Promise<StoreProcess[]> {
  return Promise.all(Array.from({ length: PROCESSES }, start))
}

async function counted(): Promise<number> {
  return Number((await store.get('counter'))?.value)
}

describe('several processes on one directory', () => {
  test('create it together', async () => {
    const processes = await startAll()
    const results = await Promise.all(
      processes.map((each, index) =>
        each.call('put', 'key', { generation: `${index}`, value: '' }, undefined),
      ),
    )
    expect(results.filter((result) => result === true)).toHaveLength(1)
  })

  test('lose no update', async () => {
    await store.put('counter', { generation: 'first', value: '0' }, undefined)
    const processes = await startAll()
    await Promise.all(
      processes.map((each, index) => each.call('count', 'counter', ROUNDS, `process ${index}`)),
    )
    expect(await counted()).toBe(PROCESSES * ROUNDS)
  })

  test('let one of them have a lease, again and again', async () => {
    const processes = await startAll()
    for (let round = 0; round < 10; round += 1) {
      const results = await Promise.all(
        processes.map((each, index) => each.call('acquireLease', 'lease', `${index}`, LONG_MS)),
      )
      const winner = results.indexOf(true)
      expect(results.filter((result) => result === true)).toHaveLength(1)
      await processes[winner]?.call('releaseLease', 'lease', `${winner}`)
    }
  })

  test('let one of them take over a lease that ended', async () => {
    const processes = await startAll()
    for (let round = 0; round < 10; round += 1) {
      await store.acquireLease(`lease ${round}`, 'first', 1)
      await delay(2)
      const results = await Promise.all(
        processes.map((each, index) =>
          each.call('acquireLease', `lease ${round}`, `${index}`, LONG_MS),
        ),
      )
      expect(results.filter((result) => result === true)).toHaveLength(1)
    }
  })
})

describe('a process that is killed', () => {
  test('keeps its lease to the end, and no longer', async () => {
    const holder = await start()
    expect(await holder.call('acquireLease', 'lease', 'holder', 1_000)).toBe(true)
    await holder.signal('SIGKILL')
    expect(await store.acquireLease('lease', 'other', LONG_MS)).toBe(false)
    await delay(1_000)
    expect(await store.acquireLease('lease', 'other', LONG_MS)).toBe(true)
  })

  test('while it writes leaves the old record or the new one, and nothing behind', async () => {
    await store.put('counter', { generation: 'first', value: '0' }, undefined)
    for (let round = 0; round < 20; round += 1) {
      const writer = await start()
      const counting = writer
        .call('count', 'counter', 1_000, `writer ${round}`)
        .catch(() => 'ended')
      const before = await counted()
      await vi.waitUntil(async () => (await counted()) > before, { timeout: 20_000, interval: 1 })
      await delay(round)
      await writer.signal('SIGKILL')
      await counting
      const record = await store.get('counter')
      const next = { generation: `after ${round}`, value: record?.value ?? '' }
      expect(await store.put('counter', next, record?.generation)).toBe(true)
    }
    expect(await counted()).toBeGreaterThanOrEqual(20)
    const files = readdirSync(join(directory, 'records'), { recursive: true, withFileTypes: true })
    expect(files.filter((entry) => entry.isFile())).toHaveLength(1)
  })
})

describe('a process that is stopped', () => {
  test('in the middle of writing keeps nobody waiting, and loses nothing', async () => {
    await store.put('counter', { generation: 'first', value: '0' }, undefined)
    const [stopped, running] = await Promise.all([start(), start()])
    const slow = stopped.call('count', 'counter', 200, 'stopped')
    for (let round = 0; round < 20; round += 1) {
      await delay(7)
      await stopped.signal('SIGSTOP')
      await running.call('count', 'counter', 5, `running ${round}`)
      await stopped.signal('SIGCONT')
    }
    await slow
    expect(await counted()).toBe(300)
  })

  test('past its lease has lost it when it wakes up', async () => {
    const holder = await start()
    expect(await holder.call('acquireLease', 'lease', 'holder', 500)).toBe(true)
    await store.put('key', { generation: 'first', value: '' }, undefined)
    await holder.signal('SIGSTOP')
    await delay(600)
    expect(await store.acquireLease('lease', 'other', LONG_MS)).toBe(true)
    expect(await store.put('key', { generation: 'second', value: 'other' }, 'first')).toBe(true)
    await holder.signal('SIGCONT')
    expect(await holder.call('put', 'key', { generation: 'late', value: '' }, 'first')).toBe(false)
    await holder.call('releaseLease', 'lease', 'holder')
    expect(await holder.call('acquireLease', 'lease', 'holder', LONG_MS)).toBe(false)
    expect(await store.acquireLease('lease', 'third', LONG_MS)).toBe(false)
    expect((await store.get('key'))?.value).toBe('other')
  })
})
