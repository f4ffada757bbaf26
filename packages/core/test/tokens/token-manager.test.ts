import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { EventBus } from '../../src/events.js'
import { withLease } from '../../src/tokens/lease.js'
import { HOUR, MINUTE, SECOND } from '../support/core-clock.js'
import { notSent, rejected } from '../support/core-ledger.js'
import { plainGrants, SCOPE, Scene, USER } from '../support/core-manager.js'
import { codeOf, rejection, thrown } from '../support/core-rejection.js'
import { withMethods } from '../support/core-stores.js'

describe('whose grant', () => {
  test('a principal is checked where it enters', () => {
    const manager = new Scene().process()
    expect(thrown(() => manager.ref('authorization_code', '')).code).toBe(
      'ERR_PROCORE_ARGUMENT_INVALID',
    )
  })

  test('nobody gets the token of another', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const names = ['a', 'a:b', 'a/b', 'A', '__proto__']
    const refs = await Promise.all(names.map((name) => scene.signIn(manager, name)))
    const young = scene.process()
    for (const [index, ref] of refs.entries()) {
      const expected = `access-${index + 1}`
      expect((await manager.use(ref)).accessToken.reveal()).toBe(expected)
      expect((await young.use(ref)).accessToken.reveal()).toBe(expected)
    }
  })

  test('a grant of another environment or client id is not seen', async () => {
    const scene = new Scene()
    await scene.signIn(scene.process())
    for (const scope of [
      { ...SCOPE, environment: 'production' },
      { ...SCOPE, clientId: 'other' },
    ]) {
      const manager = scene.process({ grants: plainGrants(scene.memory, scope) })
      const ref = manager.ref('authorization_code', 'jim')
      expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_NOT_CONNECTED')
    }
  })
})

describe('the status', () => {
  test('of nobody is not connected', async () => {
    const manager = new Scene().process()
    const ref = manager.ref('authorization_code', 'nobody')
    expect(await manager.status(ref)).toEqual({ state: 'not-connected' })
    expect(await manager.isConnected(ref)).toBe(false)
    expect(await rejection(manager.use(ref))).toMatchObject({
      code: 'ERR_PROCORE_NOT_CONNECTED',
      principal: 'nobody',
      reason: 'not-connected',
      since: undefined,
    })
  })

  test('that was read saves the next look into the store', async () => {
    const scene = new Scene()
    const ref = await scene.signIn(scene.process())
    const manager = scene.process()
    expect(await manager.isConnected(ref)).toBe(true)
    expect(await manager.status(ref)).toEqual({ state: 'connected', user: USER })
    const before = scene.store.calls.length
    expect(await manager.isConnected(ref)).toBe(true)
    await manager.use(ref)
    expect(scene.store.calls.length).toBe(before)
  })
})

describe('a sign-in', () => {
  test('replaces the pair before it', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    await scene.signIn(manager)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(await scene.stored(ref)).toMatchObject({ accessToken: 'access-2' })
  })

  test('wins over those that write at the same time, in the end', async () => {
    const scene = new Scene()
    const processes = Array.from({ length: 8 }, () => scene.process())
    const refs = await Promise.all(processes.map((one) => scene.signIn(one)))
    const [ref] = refs
    expect(ref && (await scene.stored(ref))).toBeDefined()
    expect(scene.ledger.revocations).toEqual([])
  })

  test('gives up when the row changes again and again', async () => {
    const scene = new Scene()
    let writes = 0
    const store = withMethods(scene.memory, {
      put: async () => {
        writes += 1
        return false
      },
    })
    const manager = scene.process({ store })
    expect(await codeOf(scene.signIn(manager))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
    expect(writes).toBe(20)
    expect(await manager.isConnected(manager.ref('authorization_code', 'jim'))).toBe(false)
  })
})

describe('the source of the API client', () => {
  test('uses and replaces tokens', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const source = manager.source(await scene.signIn(manager))
    const first = await source.use()
    const second = await source.replace(first)
    expect(second.generation).not.toBe(first.generation)
    expect((await source.use()).generation).toBe(second.generation)
  })

  test('asks Procore whether a token is honoured', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const source = manager.source(await scene.signIn(manager))
    const token = await source.use()
    expect(await source.confirm(token)).toBe('valid')
    await scene.ledger.revoke(token.accessToken)
    expect(await source.confirm(token)).toBe('invalid')
  })
})

describe('events of a refresh', () => {
  test('are sent when it is over, so that a listener may need a token itself', async () => {
    const scene = new Scene()
    const events = new EventBus()
    const manager = scene.process({ events })
    const ref = await scene.signIn(manager)
    const seen: string[] = []
    events.on('tokens-refreshed', async ({ principal, expiresAt }) => {
      const { accessToken } = await manager.use(ref)
      seen.push(principal, accessToken.reveal(), String(expiresAt > scene.clock.now()))
    })
    scene.clock.advance(2 * HOUR)
    await manager.use(ref)
    expect(seen).toEqual(['jim', 'access-2', 'true'])
  })

  test('are awaited by the caller who caused them', async () => {
    const scene = new Scene()
    const events = new EventBus()
    const manager = scene.process({ events })
    const ref = await scene.signIn(manager)
    let done = false
    events.on('reauthorization-required', async () => {
      await turn()
      await turn()
      done = true
    })
    scene.clock.advance(2 * HOUR)
    scene.ledger.nextRefresh.push(() => {
      throw rejected('invalid_grant')
    })
    await rejection(manager.use(ref))
    expect(done).toBe(true)
  })

  test('carry no token', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    scene.clock.advance(2 * HOUR)
    await manager.use(ref)
    scene.clock.advance(2 * HOUR)
    scene.ledger.nextRefresh.push(() => {
      throw notSent()
    })
    await rejection(manager.use(ref))
    await manager.disconnect(ref)
    expect(scene.eventNames()).toEqual(['tokens-refreshed', 'refresh-failed', 'disconnected'])
    expect(JSON.stringify(scene.events)).not.toMatch(/(access|refresh)-\d/)
  })

  test('a failing listener does not fail the call', async () => {
    const scene = new Scene()
    const events = new EventBus()
    const manager = scene.process({ events })
    const ref = await scene.signIn(manager)
    const warnings: Error[] = []
    const collect = (warning: Error) => void warnings.push(warning)
    process.on('warning', collect)
    events.on('tokens-refreshed', () => Promise.reject(new Error('listener')))
    scene.clock.advance(2 * HOUR)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    await turn()
    process.off('warning', collect)
    expect(warnings).toMatchObject([{ code: 'PROCORE_AUTH_LISTENER_FAILED' }])
  })
})

describe('no rejection is left unhandled', () => {
  test('when many callers fail and the first one did not wait', async () => {
    const unhandled: unknown[] = []
    const collect = (reason: unknown) => void unhandled.push(reason)
    process.on('unhandledRejection', collect)
    const scene = new Scene()
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    scene.clock.advance(2 * HOUR)
    scene.store.isDown = true
    const calls = Array.from({ length: 10 }, () => manager.use(ref))
    await Promise.allSettled([...calls, manager.replace(ref, 'x'), manager.disconnect(ref)])
    for (let count = 0; count < 5; count += 1) await turn()
    process.off('unhandledRejection', collect)
    expect(unhandled).toEqual([])
  })
})

describe('a lease', () => {
  const leased = (scene: Scene) => ({
    leases: plainGrants(scene.store),
    clock: scene.clock,
    randomBytes: (size: number) => Buffer.alloc(size, Math.floor(Math.random() * 256)),
  })

  test('is given back after the work, also when that failed', async () => {
    const scene = new Scene()
    const settled = async () => undefined
    const failing = withLease(leased(scene), 'l', {
      work: () => Promise.reject(new TypeError('work')),
      settled,
    })
    await expect(failing).rejects.toThrow('work')
    expect(await scene.memory.acquireLease('l', 'next', SECOND)).toBe(true)
  })

  test('that cannot be given back does not undo the work', async () => {
    const scene = new Scene()
    scene.store.down.add('releaseLease')
    const settled = async () => undefined
    const done = withLease(leased(scene), 'l', { work: async () => 'done', settled })
    expect(await done).toBe('done')
  })

  test('of a holder that died is taken over when it ends', async () => {
    const scene = new Scene()
    await scene.memory.acquireLease('l', 'dead', 90 * SECOND)
    const start = scene.clock.now()
    const settled = async () => undefined
    const done = await withLease(leased(scene), 'l', { work: async () => 'mine', settled })
    expect(done).toBe('mine')
    expect(scene.clock.now() - start).toBeGreaterThanOrEqual(90 * SECOND)
    expect(scene.clock.now() - start).toBeLessThan(92 * SECOND)
  })

  test('is waited for patiently: pauses grow to half a second', async () => {
    const scene = new Scene()
    await scene.memory.acquireLease('l', 'other', 3 * SECOND)
    await withLease(leased(scene), 'l', { work: async () => 1, settled: async () => undefined })
    expect(scene.clock.slept.slice(0, 7)).toEqual([20, 40, 80, 160, 320, 500, 500])
  })

  test('is no longer waited for when the other one did the work', async () => {
    const scene = new Scene()
    await scene.memory.acquireLease('l', 'other', 90 * SECOND)
    const settled = async () => (scene.clock.slept.length >= 3 ? 'theirs' : undefined)
    const work = () => Promise.reject(new Error('must not run'))
    expect(await withLease(leased(scene), 'l', { work, settled })).toBe('theirs')
    expect(await scene.memory.acquireLease('l', 'third', SECOND)).toBe(false)
  })

  test('that is renewed for ever by another ends the wait with an error', async () => {
    const scene = new Scene()
    await scene.memory.acquireLease('l', 'other', HOUR)
    const start = scene.clock.now()
    const work = () => Promise.reject(new Error('must not run'))
    const waiting = withLease(leased(scene), 'l', { work, settled: async () => undefined })
    expect(await codeOf(waiting)).toBe('ERR_PROCORE_REFRESH_FAILED')
    expect(scene.clock.now() - start).toBeGreaterThanOrEqual(3 * MINUTE)
    expect(scene.clock.now() - start).toBeLessThan(3 * MINUTE + SECOND)
  })

  test('is held by the refresh for as long as Procore takes to answer', async () => {
    const scene = new Scene()
    const [manager, sibling] = [scene.process(), scene.process()]
    const ref = await scene.signIn(manager)
    scene.clock.advance(2 * HOUR)
    scene.clock.held = true
    let answer = (): void => undefined
    scene.ledger.nextRefresh.push(async (act) => {
      await new Promise<void>((resolve) => {
        answer = resolve
      })
      return act()
    })
    const mine = manager.use(ref)
    const theirs = sibling.use(ref)
    for (let second = 0; second < 15; second += 1) {
      for (let count = 0; count < 10; count += 1) await turn()
      scene.clock.advance(SECOND)
    }
    expect(scene.ledger.refreshes).toHaveLength(1)
    answer()
    await mine
    for (let count = 0; count < 10; count += 1) await turn()
    scene.clock.advance(SECOND)
    expect((await theirs).accessToken.reveal()).toBe('access-2')
    expect(scene.ledger.refreshes).toHaveLength(1)
  })
})
