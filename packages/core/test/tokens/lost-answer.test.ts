import { describe, expect, test } from 'vitest'
import type { TokenSet } from '../../src/token-set.js'
import type { Obstacle } from '../support/core-ledger.js'
import { lost, notSent, rejected } from '../support/core-ledger.js'
import { expiredScene } from '../support/core-manager.js'
import { codeOf, rejection } from '../support/core-rejection.js'

const LOSE: Readonly<Record<'before' | 'after', Obstacle<TokenSet>>> = {
  before: () => {
    throw lost()
  },
  after: (act) => {
    act()
    throw lost()
  },
}

describe('an answer that was lost', () => {
  test.each([
    ['strict', 'before', 'resend', 2, 'access-2'],
    ['strict', 'after', 'resend', 2, 'lost-response'],
    ['on-use', 'before', 'resend', 2, 'access-2'],
    ['on-use', 'after', 'resend', 2, 'access-3'],
    ['strict', 'before', 'reauthorize', 1, 'lost-response'],
    ['strict', 'after', 'reauthorize', 1, 'lost-response'],
    ['on-use', 'before', 'reauthorize', 1, 'lost-response'],
    ['on-use', 'after', 'reauthorize', 1, 'lost-response'],
  ] as const)('%s, %s the commit, %s: %d POSTs, %s', async (mode, when, policy, posts, end) => {
    const { scene, ref } = await expiredScene({ mode })
    const manager = scene.process({ lostRefresh: policy })
    scene.ledger.nextRefresh.push(LOSE[when])
    const works = end !== 'lost-response'
    const outcome = works
      ? (await manager.use(ref)).accessToken.reveal()
      : await rejection(manager.use(ref))
    if (works) expect(outcome).toBe(end)
    else expect(outcome).toMatchObject({ status: 401, reason: end, since: scene.clock.now() })
    expect(scene.ledger.refreshes).toHaveLength(posts)
    expect(scene.eventNames()).toEqual([works ? 'tokens-refreshed' : 'reauthorization-required'])
    expect(await scene.stored(ref)).not.toHaveProperty('refreshPending')
    await Promise.allSettled([manager.use(ref), scene.process({ lostRefresh: policy }).use(ref)])
    expect(scene.ledger.refreshes).toHaveLength(posts)
    expect(scene.events).toHaveLength(1)
  })

  test('and then an error of the application: the grant is kept, and still unfinished', async () => {
    const { scene, manager, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(LOSE.before, () => {
      throw rejected('invalid_client')
    })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
    expect(await scene.stored(ref)).toHaveProperty('refreshPending')
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
  })
})

describe('where no token is ever sent twice', () => {
  const policy = { lostRefresh: 'reauthorize' } as const

  test('an unfinished refresh of a dead process is given up, with nothing sent', async () => {
    const { scene, ref } = await expiredScene()
    await scene.interrupt(ref)
    const error = await rejection(scene.process(policy).use(ref))
    expect(error).toMatchObject({
      code: 'ERR_PROCORE_REAUTHORIZATION_REQUIRED',
      reason: 'lost-response',
    })
    expect(scene.ledger.refreshes).toEqual([])
    expect(scene.eventNames()).toEqual(['reauthorization-required'])
  })

  test('but one that ends during the grace time is adopted', async () => {
    const { scene, ref } = await expiredScene()
    await scene.interrupt(ref)
    const manager = scene.process(policy)
    const used = manager.use(ref)
    const tokens = scene.ledger.issue()
    await scene.clock.sleep(17_000)
    await scene.siblingWrites(ref, tokens, 'late')
    expect((await used).generation).toBe('late')
    expect(scene.events).toEqual([])
  })

  test('what was not sent is tried again by the next call', async () => {
    const { scene, ref } = await expiredScene()
    const manager = scene.process(policy)
    scene.ledger.nextRefresh.push(() => {
      throw notSent()
    })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
  })

  test('a rejection is called a rejection', async () => {
    const { scene, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(() => {
      throw rejected('invalid_grant')
    })
    const error = await rejection(scene.process(policy).use(ref))
    expect(error).toMatchObject({ reason: 'invalid_grant' })
  })

  test('what a sibling gave up meanwhile is given up once', async () => {
    const { scene, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(async () => {
      scene.clock.advance(60_000)
      await rejection(scene.process(policy).use(ref))
      throw lost()
    })
    const error = await rejection(scene.process(policy).use(ref))
    expect(error).toMatchObject({ reason: 'lost-response' })
    expect(scene.ledger.refreshes).toHaveLength(1)
    expect(scene.eventNames()).toEqual(['reauthorization-required'])
  })

  test('a sibling that was faster is adopted, although the own answer was lost', async () => {
    const { scene, ref } = await expiredScene()
    scene.ledger.nextRefresh.push(async () => {
      await scene.siblingWrites(ref, scene.ledger.issue(), 'sign-in')
      throw lost()
    })
    expect((await scene.process(policy).use(ref)).generation).toBe('sign-in')
    expect(scene.events).toEqual([])
  })
})
