import { randomBytes } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { LEASE_TTL_MS, type Lease, withLease } from '../../src/tokens/lease.js'
import type { TokenStore } from '../../src/tokens/store.js'
import { HOUR, SECOND } from '../support/core-clock.js'
import { lost, rejected } from '../support/core-ledger.js'
import { expiredScene, plainGrants, Scene } from '../support/core-manager.js'
import { codeOf } from '../support/core-rejection.js'
import { withMethods } from '../support/core-stores.js'

/** Lets everything happen that can happen at this moment. */
async function settle(): Promise<void> {
  for (let count = 0; count < 20; count += 1) await turn()
}

/** Lets time go by, a second at a time, and does something each second. */
async function pass(scene: Scene, seconds: number, each = async () => undefined): Promise<void> {
  for (let second = 0; second < seconds; second += 1) {
    await settle()
    scene.clock.advance(SECOND)
    await settle()
    await each()
  }
}

/** Something that can be waited for and opened. */
function gate() {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open: () => open() }
}

/** Runs work under a lease until it is told to end. */
function holding(scene: Scene, store: TokenStore = scene.store) {
  const { open: end, opened: ended } = gate()
  let lease: Lease | undefined
  const done = withLease({ leases: plainGrants(store), clock: scene.clock, randomBytes }, 'l', {
    settled: async () => undefined,
    work: async (held) => {
      lease = held
      await ended
      return held.isHeld()
    },
  })
  return { done, end, isHeld: () => lease?.isHeld() }
}

const isFree = (scene: Scene, name: string) => scene.memory.acquireLease(name, 'thief', 1)

function heldScene(): Scene {
  const scene = new Scene()
  scene.clock.held = true
  return scene
}

describe('while the work goes on', () => {
  test('nobody else gets the lease, however long Procore takes to answer', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.clock.held = true
    const answer = gate()
    scene.ledger.nextRefresh.push(async (act) => {
      await answer.opened
      return act()
    })
    const used = [manager.use(ref), scene.process().use(ref)]
    await pass(scene, 60, async () => {
      expect(await isFree(scene, ref.key)).toBe(false)
    })
    answer.open()
    await pass(scene, 2)
    const tokens = await Promise.all(used)
    expect(tokens.map((token) => token.accessToken.reveal())).toEqual(['access-2', 'access-2'])
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
    expect(await isFree(scene, ref.key)).toBe(true)
  })

  test('the lease is held as long as it is renewed, and not asked for too often', async () => {
    const scene = heldScene()
    const { done, end, isHeld } = holding(scene)
    await pass(scene, 60, async () => {
      expect(isHeld()).toBe(true)
    })
    expect(scene.store.calls).toHaveLength(13)
    end()
    expect(await done).toBe(true)
    expect(await isFree(scene, 'l')).toBe(true)
  })

  test('a store that is away for a moment does not end the lease', async () => {
    const scene = heldScene()
    const { done, end } = holding(scene)
    await settle()
    scene.store.down.add('acquireLease')
    await pass(scene, 8)
    scene.store.isDown = false
    await pass(scene, 30)
    expect(await isFree(scene, 'l')).toBe(false)
    end()
    expect(await done).toBe(true)
  })

  test('a store that stays away ends it with its time', async () => {
    const scene = heldScene()
    const { done, end, isHeld } = holding(scene)
    await settle()
    scene.store.down.add('acquireLease')
    await pass(scene, 14)
    expect(isHeld()).toBe(true)
    await pass(scene, 1)
    expect(isHeld()).toBe(false)
    scene.store.isDown = false
    await pass(scene, 10)
    expect(isHeld()).toBe(false)
    end()
    expect(await done).toBe(false)
  })

  test('a renewal that is refused ends it at once, and for good', async () => {
    const scene = heldScene()
    let asked = 0
    const acquireLease: TokenStore['acquireLease'] = async (name, owner, ttlMs) => {
      asked += 1
      return asked !== 2 && scene.memory.acquireLease(name, owner, ttlMs)
    }
    const { end, isHeld } = holding(scene, withMethods(scene.memory, { acquireLease }))
    await pass(scene, 4)
    expect(isHeld()).toBe(true)
    await pass(scene, 1)
    expect(isHeld()).toBe(false)
    await pass(scene, 30)
    expect([isHeld(), asked]).toEqual([false, 2])
    end()
  })

  test('a renewal that is answered too late does not bring it back', async () => {
    const scene = heldScene()
    const answer = gate()
    let asked = 0
    const acquireLease: TokenStore['acquireLease'] = async (name, owner, ttlMs) => {
      asked += 1
      if (asked === 2) await answer.opened
      return scene.memory.acquireLease(name, owner, ttlMs)
    }
    const { end, isHeld } = holding(scene, withMethods(scene.memory, { acquireLease }))
    await pass(scene, 17)
    answer.open()
    await settle()
    expect(isHeld()).toBe(false)
    end()
  })

  test('a process that was stopped finds it gone, before any timer tells', async () => {
    const scene = heldScene()
    const { done, end, isHeld } = holding(scene)
    await settle()
    scene.clock.advance(LEASE_TTL_MS)
    expect(isHeld()).toBe(false)
    await pass(scene, 10)
    expect(isHeld()).toBe(false)
    end()
    expect(await done).toBe(false)
  })
})

describe('when the work ends', () => {
  test('a renewal under way does not take the lease again after its release', async () => {
    const scene = heldScene()
    const answer = gate()
    let asked = 0
    const acquireLease: TokenStore['acquireLease'] = async (name, owner, ttlMs) => {
      asked += 1
      if (asked === 2) await answer.opened
      return scene.memory.acquireLease(name, owner, ttlMs)
    }
    const { done, end } = holding(scene, withMethods(scene.memory, { acquireLease }))
    await pass(scene, 5)
    expect(asked).toBe(2)
    end()
    await settle()
    answer.open()
    expect(await done).toBe(true)
    await settle()
    expect(await isFree(scene, 'l')).toBe(true)
  })

  test('nothing is renewed any more', async () => {
    const scene = heldScene()
    const { done, end } = holding(scene)
    await settle()
    end()
    await done
    const asked = scene.store.calls.length
    await pass(scene, 30)
    expect(scene.store.calls).toHaveLength(asked)
  })
})

describe('a process that was stopped until its lease had lapsed', () => {
  /** A store in which a process is stopped for an hour just after it has stored its intent. */
  function stoppedAfterIntent(scene: Scene, meanwhile: () => Promise<unknown>): TokenStore {
    let isFirst = true
    return withMethods(scene.memory, {
      put: async (key, record, replaces) => {
        const written = await scene.memory.put(key, record, replaces)
        if (isFirst) {
          isFirst = false
          scene.clock.advance(HOUR / 2)
          await meanwhile()
        }
        return written
      },
    })
  }

  test('before the POST sends nothing, and adopts what a sibling brought', async () => {
    const { scene, ref } = await expiredScene()
    const sibling = scene.process()
    const sent: string[] = []
    const store = stoppedAfterIntent(scene, () => sibling.use(ref))
    const refresh: typeof scene.ledger.refresh = (token) => {
      sent.push(token.reveal())
      return scene.ledger.refresh(token)
    }
    const used = await scene.process({ store, refresh }).use(ref)
    expect(used.accessToken.reveal()).toBe('access-2')
    expect(sent).toEqual([])
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
  })

  test('before the POST, while a sibling is sending: the token is sent by that one alone', async () => {
    const { scene, ref } = await expiredScene()
    const sibling = scene.process()
    let theirs: Promise<unknown> = Promise.resolve()
    const store = stoppedAfterIntent(scene, async () => {
      theirs = sibling.use(ref)
      await settle()
    })
    const used = await scene.process({ store }).use(ref)
    await theirs
    expect(used.accessToken.reveal()).toBe('access-2')
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
  })

  test('before the POST, and alone: begins anew and sends once', async () => {
    const { scene, ref } = await expiredScene()
    const store = stoppedAfterIntent(scene, async () => undefined)
    expect((await scene.process({ store }).use(ref)).accessToken.reveal()).toBe('access-2')
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
  })

  test('before the second POST asks anew, and sends no third', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(() => {
      scene.clock.advance(HOUR / 2)
      throw lost()
    })
    const before = scene.store.calls.filter((name) => name === 'acquireLease').length
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(scene.ledger.refreshes).toHaveLength(2)
    const after = scene.store.calls.filter((name) => name === 'acquireLease').length
    expect(after - before).toBeGreaterThan(1)
  })

  test('and is then rejected does not mark what a sibling is about to store', async () => {
    const { scene, manager, ref } = await expiredScene()
    const answer = gate()
    let theirs: Promise<unknown> = Promise.resolve()
    scene.ledger.nextRefresh.push(async () => {
      scene.clock.advance(HOUR / 2)
      scene.ledger.nextRefresh.push(async (act) => {
        const tokens = act()
        await answer.opened
        return tokens
      })
      theirs = scene.process().use(ref)
      while (scene.ledger.refreshes.length < 2) await turn()
      setImmediate(answer.open)
      throw rejected('invalid_grant')
    })
    const [used] = await Promise.all([manager.use(ref), theirs])
    expect(used.accessToken.reveal()).toBe('access-2')
    expect(scene.eventNames()).toEqual(['tokens-refreshed'])
  })

  test('in a disconnect: nothing is sent, and the sibling keeps what it brought', async () => {
    const { scene, manager, ref } = await expiredScene({ mode: 'on-use' })
    scene.ledger.nextInspect.push(async (act) => {
      const state = act()
      scene.clock.advance(HOUR / 2)
      await scene.process().use(ref)
      return state
    })
    expect(await codeOf(manager.disconnect(ref))).toBe('ERR_PROCORE_DISCONNECT_FAILED')
    expect(scene.ledger.refreshes).toEqual(['refresh-1'])
    expect(await scene.stored(ref)).toMatchObject({ accessToken: 'access-2' })
    await manager.disconnect(ref)
    expect(scene.ledger.alive()).toBe(0)
  })
})
