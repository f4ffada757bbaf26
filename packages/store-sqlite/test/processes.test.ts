import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import Database from 'libsql'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  compilePackage,
  type StoreProcess,
  storeProcesses,
} from '../../conformance/test/support/store-process.js'
import { SqliteTokenStore } from '../src/index.js'
import { newFiles } from './support/sqlite-files.js'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const ROUNDS = 25
const LONG_MS = 60_000

const newFile = newFiles()
const startProcess = storeProcesses()
let compiled = ''
let file = ''

beforeAll(async () => {
  compiled = await compilePackage(join(import.meta.dirname, '..'))
})
beforeEach(() => {
  file = newFile()
})

function start(): Promise<StoreProcess> {
  return startProcess(join(import.meta.dirname, 'support/sqlite-store-adapter.js'), compiled, file)
}

function startMany(count: number): Promise<StoreProcess[]> {
  return Promise.all(Array.from({ length: count }, start))
}

function open(): SqliteTokenStore {
  return new SqliteTokenStore(new Database(file))
}

async function counted(store: SqliteTokenStore): Promise<number> {
  return Number((await store.get('counter'))?.value)
}

describe('several processes on one file', () => {
  test('create the tables at once, ten of them', async () => {
    const processes = await startMany(10)
    const results = await Promise.all(
      processes.map((each, index) =>
        each.call('put', `key ${index}`, { generation: 'first', value: 'here' }, undefined),
      ),
    )
    expect(results).toEqual(Array.from({ length: 10 }, () => true))
    for (let index = 0; index < 10; index += 1) {
      expect((await open().get(`key ${index}`))?.value).toBe('here')
    }
  })

  test('lose no update, eight of them', async () => {
    await open().put('counter', { generation: 'first', value: '0' }, undefined)
    const processes = await startMany(8)
    await Promise.all(
      processes.map((each, index) => each.call('count', 'counter', ROUNDS, `process ${index}`)),
    )
    expect((await open().get('counter'))?.value).toBe(String(8 * ROUNDS))
  })

  test('let one of them have a lease, again and again', async () => {
    const processes = await startMany(8)
    for (let round = 0; round < 10; round += 1) {
      const results = await Promise.all(
        processes.map((each, index) => each.call('acquireLease', 'lease', `${index}`, LONG_MS)),
      )
      const winner = results.indexOf(true)
      expect(results.filter((result) => result === true)).toHaveLength(1)
      await processes[winner]?.call('releaseLease', 'lease', `${winner}`)
    }
  })
})

describe('a process that is killed', () => {
  test('keeps its lease to the end, and no longer', async () => {
    const holder = await start()
    expect(await holder.call('acquireLease', 'lease', 'holder', 1_000)).toBe(true)
    await holder.signal('SIGKILL')
    expect(await open().acquireLease('lease', 'other', LONG_MS)).toBe(false)
    await delay(1_000)
    expect(await open().acquireLease('lease', 'other', LONG_MS)).toBe(true)
  })

  test('while it writes leaves the old record or the new one', async () => {
    const store = open()
    await store.put('counter', { generation: 'first', value: '0' }, undefined)
    for (let round = 0; round < 10; round += 1) {
      const writer = await start()
      const counting = writer
        .call('count', 'counter', 9_999, `writer ${round}`)
        .catch(() => 'ended')
      const before = await counted(store)
      await vi.waitUntil(async () => (await counted(store)) > before, {
        timeout: 20_000,
        interval: 1,
      })
      await delay(round)
      await writer.signal('SIGKILL')
      await counting
      const record = await store.get('counter')
      const next = { generation: `after ${round}`, value: record?.value ?? '' }
      expect(await store.put('counter', next, record?.generation)).toBe(true)
    }
    expect(await counted(store)).toBeGreaterThanOrEqual(10)
  })
})

test('a process that is stopped past its lease has lost it when it wakes up', async () => {
  const holder = await start()
  expect(await holder.call('acquireLease', 'lease', 'holder', 500)).toBe(true)
  await holder.signal('SIGSTOP')
  await delay(600)
  expect(await open().acquireLease('lease', 'other', LONG_MS)).toBe(true)
  await holder.signal('SIGCONT')
  await holder.call('releaseLease', 'lease', 'holder')
  expect(await holder.call('acquireLease', 'lease', 'holder', LONG_MS)).toBe(false)
  expect(await open().acquireLease('lease', 'third', LONG_MS)).toBe(false)
})
