import { describe, expect, test } from 'vitest'
import { HOUR, MINUTE } from '../support/core-clock.js'
import { lost, notSent, rejected } from '../support/core-ledger.js'
import { Scene } from '../support/core-manager.js'
import { codeOf, rejection } from '../support/core-rejection.js'

function serviceScene() {
  const scene = new Scene()
  const manager = scene.process()
  return { scene, manager, ref: manager.ref('client_credentials', 'service-account') }
}

describe('a service account', () => {
  test('100 parallel first calls cause one POST', async () => {
    const { scene, manager, ref } = serviceScene()
    const used = await Promise.all(Array.from({ length: 100 }, () => manager.use(ref)))
    expect(scene.ledger.serviceRequests).toBe(1)
    expect(new Set(used.map(({ generation }) => generation)).size).toBe(1)
  })

  test('100 first calls of two processes cause one POST', async () => {
    const { scene, manager, ref } = serviceScene()
    const processes = [manager, scene.process()]
    await Promise.all(Array.from({ length: 100 }, (_, n) => processes[n % 2]?.use(ref)))
    expect(scene.ledger.serviceRequests).toBe(1)
  })

  test('its token is stored and used until it is about to expire', async () => {
    const { scene, manager, ref } = serviceScene()
    await manager.use(ref)
    scene.clock.advance(80 * MINUTE)
    await manager.use(ref)
    await scene.process().use(ref)
    expect(scene.ledger.serviceRequests).toBe(1)
    scene.clock.advance(10 * MINUTE)
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
    expect(scene.ledger.refreshes).toEqual([])
  })

  test('a rejected token is asked for again once', async () => {
    const { scene, manager, ref } = serviceScene()
    const { generation } = await manager.use(ref)
    const calls = Array.from({ length: 50 }, () => manager.replace(ref, generation))
    const used = await Promise.all(calls)
    expect(scene.ledger.serviceRequests).toBe(2)
    expect(used[0]?.accessToken.reveal()).toBe('access-2')
  })

  test('lives beside a user of the same name', async () => {
    const { scene, manager, ref } = serviceScene()
    const user = await scene.signIn(manager, 'service-account')
    expect(user.key).not.toBe(ref.key)
    const [mine, theirs] = [await manager.use(ref), await manager.use(user)]
    expect(mine.accessToken.reveal()).not.toBe(theirs.accessToken.reveal())
  })

  test.each([notSent, () => rejected('invalid_client'), () => rejected('invalid_scope')])(
    'a failure is told, and the next call tries again (%#)',
    async (failure) => {
      const { scene, manager, ref } = serviceScene()
      scene.ledger.nextServiceRequest.push(() => {
        throw failure()
      })
      const error = await rejection(manager.use(ref))
      expect(error.code).toBe('ERR_PROCORE_REFRESH_FAILED')
      expect(scene.eventNames()).toEqual(['refresh-failed'])
      expect(await scene.stored(ref)).toBeUndefined()
      expect((await manager.use(ref)).accessToken.reveal()).toBe('access-1')
    },
  )

  test('a lost answer is asked for once more, and no third time', async () => {
    const { scene, manager, ref } = serviceScene()
    const lose = () => {
      throw lost()
    }
    scene.ledger.nextServiceRequest.push(lose, lose)
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
    expect(scene.ledger.serviceRequests).toBe(2)
  })

  test('is never sent to a login page: no answer marks it for good', async () => {
    const { scene, manager, ref } = serviceScene()
    await manager.use(ref)
    scene.clock.advance(2 * HOUR)
    scene.ledger.nextServiceRequest.push(() => {
      throw rejected('invalid_grant')
    })
    expect(await codeOf(manager.use(ref))).toBe('ERR_PROCORE_REFRESH_FAILED')
    expect((await manager.use(ref)).accessToken.reveal()).toBe('access-2')
  })
})
