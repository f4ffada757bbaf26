import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/redact.js'
import { HOUR, MINUTE, SECOND } from '../support/core-clock.js'
import { lost, notSent, rejected } from '../support/core-ledger.js'
import { expiredScene, REDIRECT_URI, Scene, USER } from '../support/core-manager.js'
import { codeOf, rejection } from '../support/core-rejection.js'
import { withMethods } from '../support/core-stores.js'

/** Thousands of calls take a while on a busy machine. */
const MANY = { timeout: 60_000 } as const

describe('one refresh, whoever asks', () => {
  test('1,000 callers at once cause one POST and get the same token', MANY, async () => {
    const { scene, manager, ref } = await expiredScene()
    const used = await Promise.all(Array.from({ length: 1_000 }, () => manager.use(ref)))
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
    expect(scene.store.calls.filter((name) => name === 'acquireLease')).toHaveLength(1)
    expect(new Set(used.map(({ generation }) => generation)).size).toBe(1)
    expect(used[999]?.accessToken.reveal()).toBe('access-2')
    expect(scene.eventNames()).toEqual(['tokens-refreshed'])
  })

  test('1,000 callers whose token was rejected cause one POST as well', MANY, async () => {
    const { scene, manager, ref } = await expiredScene()
    const { generation } = await manager.use(ref)
    const calls = Array.from({ length: 1_000 }, () => manager.replace(ref, generation))
    const used = await Promise.all(calls)
    expect(scene.ledger.refreshes).toHaveLength(2)
    expect(new Set(used.map((token) => token.accessToken.reveal()))).toEqual(new Set(['access-3']))
  })

  test('two processes on one store cause one POST', async () => {
    const { scene, manager, ref } = await expiredScene()
    const sibling = scene.process()
    const calls = [manager, sibling].flatMap((one) =>
      Array.from({ length: 50 }, () => one.use(ref)),
    )
    const used = await Promise.all(calls)
    expect(scene.ledger.refreshes).toHaveLength(1)
    expect(new Set(used.map((token) => token.accessToken.reveal()))).toEqual(new Set(['access-2']))
  })

  test('eight processes whose token was rejected cause one POST', async () => {
    const scene = new Scene()
    const processes = Array.from({ length: 8 }, () => scene.process())
    const ref = await scene.signIn(scene.process())
    const tokens = await Promise.all(processes.map((one) => one.use(ref)))
    const used = await Promise.all(
      processes.map((one, index) => one.replace(ref, tokens[index]?.generation ?? '')),
    )
    expect(scene.ledger.refreshes).toHaveLength(1)
    expect(new Set(used.map(({ generation }) => generation)).size).toBe(1)
  })

  test('different principals are refreshed side by side', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const refs = await Promise.all(['a', 'b', 'c'].map((name) => scene.signIn(manager, name)))
    scene.clock.advance(2 * HOUR)
    const used = await Promise.all(refs.map((ref) => manager.use(ref)))
    expect(scene.ledger.refreshes).toHaveLength(3)
    expect(new Set(used.map(({ generation }) => generation)).size).toBe(3)
  })

  test('a fresh token costs neither a POST nor a look into the store', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    const before = scene.store.calls.length
    for (let count = 0; count < 100; count += 1) await manager.use(ref)
    expect(scene.store.calls.length).toBe(before)
    expect(scene.ledger.refreshes).toEqual([])
  })

  test('a process that just started uses what is stored', async () => {
    const scene = new Scene()
    const ref = await scene.signIn(scene.process())
    const { accessToken } = await scene.process().use(ref)
    expect(accessToken.reveal()).toBe('access-1')
    expect(scene.ledger.refreshes).toEqual([])
  })

  test('the user, the redirect URI and the principal are kept', async () => {
    const { scene, manager, ref } = await expiredScene()
    await manager.use(ref)
    expect(await scene.stored(ref)).toMatchObject({
      user: USER,
      redirectUri: REDIRECT_URI,
      principal: 'jim',
      accessToken: 'access-2',
      refreshToken: 'refresh-2',
    })
  })

  test('the refresh goes with the redirect URI of the grant', async () => {
    const { scene, ref } = await expiredScene()
    const seen: (string | undefined)[] = []
    const refresh = (token: Secret, redirectUri: string | undefined) => {
      seen.push(redirectUri)
      return scene.ledger.refresh(token)
    }
    await scene.process({ refresh }).use(ref)
    expect(seen).toEqual([REDIRECT_URI])
  })
})

describe('a rejected token', () => {
  test('is refreshed although it is fresh by the clock', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    const { generation } = await manager.use(ref)
    expect((await manager.replace(ref, generation)).accessToken.reveal()).toBe('access-2')
  })

  test('is not refreshed when this process has a newer one', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    const { generation } = await manager.use(ref)
    await manager.replace(ref, generation)
    expect((await manager.replace(ref, generation)).accessToken.reveal()).toBe('access-2')
    expect(scene.ledger.refreshes).toHaveLength(1)
  })

  test('is not refreshed when another process has stored a newer one', async () => {
    const scene = new Scene()
    const [manager, sibling] = [scene.process(), scene.process()]
    const ref = await scene.signIn(manager)
    const { generation } = await manager.use(ref)
    await sibling.use(ref)
    await sibling.replace(ref, generation)
    expect((await manager.replace(ref, generation)).accessToken.reveal()).toBe('access-2')
    expect(scene.ledger.refreshes).toHaveLength(1)
  })

  test('is replaced by one that lives: a newer one that has expired meanwhile is renewed', async () => {
    const scene = new Scene({ lifetimeMs: MINUTE })
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    const { generation } = await manager.use(ref)
    await manager.replace(ref, generation)
    scene.clock.advance(2 * MINUTE)
    const { accessToken } = await manager.replace(ref, generation)
    expect(scene.ledger.honours(accessToken)).toBe(true)
    expect(scene.ledger.refreshes).toHaveLength(2)
  })

  test('is never handed out again, also when a renewal under way ends at it', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    const { generation } = await manager.use(ref)
    scene.clock.advance(86 * MINUTE)
    scene.ledger.nextRefresh.push(async () => {
      await turn()
      throw notSent()
    })
    const [fallback, replaced] = await Promise.all([
      manager.use(ref),
      manager.replace(ref, generation),
    ])
    expect(fallback.generation).toBe(generation)
    expect(replaced.generation).not.toBe(generation)
    expect(replaced.accessToken.reveal()).toBe('access-2')
  })

  test('that cannot be replaced is an error, though it lives by the clock', async () => {
    const scene = new Scene()
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    const { generation } = await manager.use(ref)
    scene.ledger.nextRefresh.push(() => {
      throw notSent()
    })
    const error = await rejection(manager.replace(ref, generation))
    expect(error).toMatchObject({ code: 'ERR_PROCORE_REFRESH_FAILED', status: 503 })
  })
})

describe('a sibling that was faster', () => {
  test('between the first look and the lease: its pair is adopted and nothing is sent', async () => {
    const { scene, ref } = await expiredScene()
    let reads = 0
    const store = withMethods(scene.memory, {
      get: async (key) => {
        const record = await scene.memory.get(key)
        reads += 1
        if (reads === 1) await scene.siblingWrites(ref, scene.ledger.issue(), 'sibling')
        return record
      },
    })
    const used = await scene.process({ store }).use(ref)
    expect(used).toMatchObject({ generation: 'sibling' })
    expect(scene.ledger.refreshes).toEqual([])
  })

  test('between the look and the POST: invalid_grant is not held against the user', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(async (act) => {
      const tokens = await scene.ledger.refresh(new Secret('refresh-1'))
      await scene.siblingWrites(ref, tokens, 'sibling')
      return act()
    })
    expect(await manager.use(ref)).toMatchObject({ generation: 'sibling' })
    expect(scene.eventNames()).toEqual([])
    expect(await manager.status(ref)).toMatchObject({ state: 'connected' })
  })

  test('between the re-read and the mark: the mark gives way, and nobody hears of it', async () => {
    const { scene, ref } = await expiredScene()
    let rejectedOnce = false
    scene.ledger.nextRefresh.push(() => {
      rejectedOnce = true
      throw rejected('invalid_grant')
    })
    const store = withMethods(scene.memory, {
      get: async (key) => {
        const record = await scene.memory.get(key)
        if (rejectedOnce) await scene.siblingWrites(ref, scene.ledger.issue(), 'sibling')
        rejectedOnce = false
        return record
      },
    })
    const used = await scene.process({ store }).use(ref)
    expect(used.generation).toBe('sibling')
    expect(scene.eventNames()).toEqual([])
    expect(await scene.stored(ref)).not.toHaveProperty('reauthorization')
  })

  test('and then rejected itself: its mark is told, without a second event', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(async () => {
      await scene.siblingWrites(ref, scene.ledger.issue(), 'sibling')
      const marked = { ...(await scene.stored(ref)), reauthorization: { reason: 'x', since: 7 } }
      const record = { generation: 'sibling', value: JSON.stringify(marked) }
      await scene.memory.put(ref.key, record, 'sibling')
      throw rejected('invalid_grant')
    })
    expect(await rejection(manager.use(ref))).toMatchObject({ reason: 'x', since: 7 })
    expect(scene.eventNames()).toEqual([])
  })

  test('and disconnected: the user is not connected, and no one is asked to sign in again', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(async () => {
      await scene.memory.delete(ref.key, (await scene.memory.get(ref.key))?.generation ?? '')
      throw rejected('invalid_grant')
    })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_NOT_CONNECTED')
    expect(scene.eventNames()).toEqual([])
  })
})

describe('a pair that Procore rejects', () => {
  test('is an error in the end, also where a store refuses the mark for no reason', async () => {
    const { scene, ref } = await expiredScene()
    const reject = () => {
      throw rejected('invalid_grant')
    }
    scene.ledger.nextRefresh.push(...Array.from({ length: 100 }, () => reject))
    const store = withMethods(scene.memory, {
      put: async (key, record, replaces) =>
        record.value.includes('"reauthorization"')
          ? false
          : scene.memory.put(key, record, replaces),
    })
    expect(await codeOf(scene.process({ store }).use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
    expect(scene.ledger.refreshes).toHaveLength(10)
    expect(scene.eventNames()).toEqual([])
  })

  test('10,000 calls on a dead token: one POST, one event, all reject alike', MANY, async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(() => {
      throw rejected('invalid_grant')
    })
    const since = scene.clock.now()
    const calls = Array.from({ length: 5_000 }, () => rejection(manager.use(ref)))
    const errors = await Promise.all(calls)
    scene.clock.advance(HOUR)
    for (let count = 0; count < 5_000; count += 1) errors.push(await rejection(manager.use(ref)))
    const texts = new Set(errors.map((error) => JSON.stringify({ ...error })))
    expect(texts.size).toBe(1)
    expect(errors[0]).toMatchObject({
      code: 'ERR_PROCORE_REAUTHORIZATION_REQUIRED',
      status: 401,
      principal: 'jim',
      reason: 'invalid_grant',
      since,
    })
    expect(scene.ledger.refreshes).toHaveLength(1)
    expect(scene.events).toEqual([
      {
        name: 'reauthorization-required',
        event: { principal: 'jim', reason: 'invalid_grant', since },
      },
    ])
  })

  test('keeps its row, with reason and time; the status tells both', async () => {
    const { scene, manager, ref } = await expiredScene()
    await scene.ledger.revoke((await scene.process().use(ref)).accessToken)
    scene.clock.advance(2 * HOUR)
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REAUTHORIZATION_REQUIRED')
    expect(await scene.stored(ref)).toMatchObject({ accessToken: 'access-2', user: USER })
    expect(await manager.status(ref)).toEqual({
      state: 'needs-reauthorization',
      reason: 'invalid_grant',
      since: scene.clock.now(),
    })
    expect(await manager.isConnected(ref)).toBe(false)
  })

  test('is not tried by other processes either', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(() => {
      throw rejected('invalid_grant')
    })
    await rejection(manager.use(ref))
    const sibling = scene.process()
    expect(await codeOf(sibling.use(ref))).toBe('ERR_PROCORE_REAUTHORIZATION_REQUIRED')
    expect(await codeOf(sibling.replace(ref, 'any'))).toBe('ERR_PROCORE_REAUTHORIZATION_REQUIRED')
    expect(scene.ledger.refreshes).toHaveLength(1)
    expect(scene.eventNames()).toEqual(['reauthorization-required'])
  })

  test('is forgiven by a new sign-in', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(() => {
      throw rejected('invalid_grant')
    })
    await rejection(manager.use(ref))
    await scene.signIn(manager)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(await manager.status(ref)).toEqual({ state: 'connected', user: USER })
  })

  test.each(['invalid_client', 'invalid_request', 'invalid_scope', 'unsupported_grant_type'])(
    'with %s is not marked: that is the fault of the application',
    async (oauthError) => {
      const { scene, manager, ref } = await expiredScene()
      scene.ledger.nextRefresh.push(() => {
        throw rejected(oauthError)
      })
      const error = await rejection(manager.use(ref))
      expect(error.code).toBe('ERR_PROCORE_REFRESH_FAILED')
      expect(error.cause).toMatchObject({ oauthError })
      expect(scene.eventNames()).toEqual(['refresh-failed'])
      expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    },
  )
})

describe('an outcome that is unknown', () => {
  test('twice: nothing is sent a third time, and the grant is kept', async () => {
    const { scene, manager, ref } = await expiredScene()
    for (let count = 0; count < 2; count += 1) {
      scene.ledger.nextRefresh.push(() => {
        throw lost()
      })
    }
    const error = await rejection(manager.use(ref))
    expect(error.code).toBe('ERR_PROCORE_REFRESH_FAILED')
    expect(error.cause).toMatchObject({ outcome: 'unknown' })
    expect(scene.ledger.refreshes).toHaveLength(2)
    expect(scene.eventNames()).toEqual(['refresh-failed'])
    expect(await manager.status(ref)).toMatchObject({ state: 'connected' })
  })

  test('the store is read before anything is sent again: a new sign-in makes it needless', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(async () => {
      await scene.siblingWrites(ref, scene.ledger.issue(), 'sign-in')
      throw lost()
    })
    expect((await manager.use(ref)).generation).toBe('sign-in')
    expect(scene.ledger.refreshes).toHaveLength(1)
  })

  test('not sent is not sent again at once: the next call tries', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(() => {
      throw notSent()
    })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
    expect(scene.ledger.refreshes).toHaveLength(1)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
  })

  test('a fault of our own code is not taken for an answer of Procore', async () => {
    const { scene, ref } = await expiredScene()
    const refresh = () => Promise.reject(new TypeError('a bug'))
    await expect(scene.process({ refresh }).use(ref)).rejects.toThrow(TypeError)
    expect(scene.eventNames()).toEqual([])
  })
})

describe('renewal ahead of time', () => {
  /** A scene in which the token is in its window and still alive. */
  async function expiringScene() {
    const scene = new Scene()
    const manager = scene.process()
    const ref = await scene.signIn(manager)
    scene.clock.advance(86 * MINUTE)
    return { scene, manager, ref }
  }

  test('brings a new token before the old one ends', async () => {
    const { scene, manager, ref } = await expiringScene()
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(scene.ledger.refreshes).toHaveLength(1)
  })

  test('that fails falls back to the living token and pauses for ten seconds', async () => {
    const { scene, manager, ref } = await expiringScene()
    const fail = () => {
      throw notSent()
    }
    scene.ledger.nextRefresh.push(fail, fail)
    for (let count = 0; count < 100; count += 1) {
      expect((await manager.use(ref)).accessToken.reveal()).toBe('access-1')
    }
    expect(scene.ledger.refreshes).toHaveLength(1)
    expect(scene.eventNames()).toEqual(['refresh-failed'])
    scene.clock.advance(10 * SECOND)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-1')
    expect(scene.ledger.refreshes).toHaveLength(2)
    scene.clock.advance(10 * SECOND)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
  })

  test('never falls back to a token past its end', async () => {
    const { scene, manager, ref } = await expiringScene()
    scene.clock.advance(4 * MINUTE - 2 * SECOND)
    const fail = () => {
      throw notSent()
    }
    scene.ledger.nextRefresh.push(fail, fail)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-1')
    scene.clock.advance(3 * SECOND)
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
  })

  test.each(['get', 'put', 'acquireLease'] as const)(
    'does without a store that is down (%s), until the token ends',
    async (method) => {
      const { scene, manager, ref } = await expiringScene()
      scene.store.down.add(method)
      for (let count = 0; count < 100; count += 1) {
        expect((await manager.use(ref)).accessToken.reveal()).toBe('access-1')
      }
      expect(scene.ledger.refreshes).toEqual([])
      const asked = scene.store.calls.length
      await manager.use(ref)
      expect(scene.store.calls).toHaveLength(asked)
      scene.clock.advance(4 * MINUTE)
      expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
      expect(scene.ledger.refreshes).toEqual([])
    },
  )

  test('uses on a living token also in a process that has just started', async () => {
    const { scene, ref } = await expiringScene()
    scene.store.down.add('acquireLease')
    expect((await scene.process().use(ref)).accessToken.reveal()).toBe('access-1')
    scene.store.down.add('get')
    expect(await codeOf(scene.process().use(ref))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
  })

  test('uses on a living token when the answer of Procore was lost twice', async () => {
    const { scene, manager, ref } = await expiringScene()
    const lose = () => {
      throw lost()
    }
    scene.ledger.nextRefresh.push(lose, lose)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-1')
    expect(scene.eventNames()).toEqual(['refresh-failed'])
  })

  test.each(['get', 'put', 'acquireLease'] as const)(
    'has nothing to fall back to when the token was rejected (%s down)',
    async (method) => {
      const { scene, manager, ref } = await expiringScene()
      const { generation } = await manager.use(ref)
      scene.store.down.add(method)
      expect(await codeOf(manager.replace(ref, generation))).toBe('ERR_PROCORE_STORE_UNAVAILABLE')
      expect(scene.ledger.refreshes).toHaveLength(1)
    },
  )

  test('that is rejected does not fall back', async () => {
    const { scene, manager, ref } = await expiringScene()
    scene.ledger.nextRefresh.push(() => {
      throw rejected('invalid_grant')
    })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REAUTHORIZATION_REQUIRED')
  })
})

describe('a caller that is gone', () => {
  test('does not take the refresh with it: the pair is stored', async () => {
    const { scene, manager, ref } = await expiredScene()
    const abandoned = manager.use(ref)
    abandoned.catch(() => undefined)
    await Promise.race([abandoned, turn()])
    for (let count = 0; count < 20; count += 1) await turn()
    expect(await scene.stored(ref)).toMatchObject({ refreshToken: 'refresh-2' })
  })
})
