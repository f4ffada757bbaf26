import type { Host } from './callers.js'
import type { World } from './world.js'

const SECOND = 1_000

/** Draws what happens to the processes and what is asked of them, until all faults end. */
export function scheduleChaos(world: World): void {
  const { random, timeline, profile } = world
  world.store.faulty = true
  let at = timeline.now + Math.floor(profile.lifetimeMs * (0.85 + random.next() * 0.4))
  for (let round = 0; round < profile.rounds; round += 1) {
    scheduleRound(world, at)
    const { lifetimeMs } = profile
    at += random.pick(lifetimeMs, Math.floor(lifetimeMs * 0.93), 30 * SECOND, 5 * SECOND)
  }
  const last = random.pick(SECOND, 20 * SECOND, 200 * SECOND)
  timeline.at(at + random.between(0, last), () => world.heal())
}

function scheduleRound(world: World, at: number): void {
  const { random, timeline, profile } = world
  const spread = random.pick(20, 2 * SECOND, 20 * SECOND)
  // What a refresh takes here, so that faults fall into one.
  const span = 4 * profile.storeLatencyMs + profile.postLatencyMs
  const later = (within: number, act: () => void): void =>
    timeline.at(at + random.between(0, within), act)
  for (let callers = random.between(2, 6); callers > 0; callers -= 1) {
    later(spread, () => withRunning(world, (host) => void world.callers.call(host)))
  }
  const times = (wanted: boolean): number => (wanted ? random.between(0, 2) : 0)
  for (let left = times(profile.crashes); left > 0; left -= 1) {
    later(spread + span, () => crash(world))
  }
  for (let left = times(profile.pauses); left > 0; left -= 1) {
    later(spread + span, () => pause(world))
  }
  for (let left = times(profile.signIns); left > 0; left -= 1) {
    later(spread + span, () => withRunning(world, (host) => void world.callers.signIn(host)))
  }
  for (let left = times(profile.disconnects); left > 0; left -= 1) {
    later(spread + span, () => withRunning(world, (host) => void world.callers.disconnect(host)))
  }
  if (profile.outages && random.chance(0.7)) later(spread + span, () => outage(world))
  if (profile.endings && random.chance(0.5)) later(spread + span, () => endByUser(world))
}

function withRunning(world: World, act: (host: Host) => void): void {
  const running = world.hosts.filter(({ machine }) => machine.state === 'running')
  const host = running[world.random.between(0, running.length - 1)]
  if (host) act(host)
}

/** Whoever is in the middle of something is hit first. */
function victim(world: World): Host | undefined {
  const running = world.hosts.filter(({ machine }) => machine.state === 'running')
  const holder = running.find(({ machine }) => world.history.holdsLease(machine))
  if (holder && world.random.chance(0.7)) return holder
  return running[world.random.between(0, running.length - 1)]
}

function crash(world: World): void {
  const host = victim(world)
  if (!host) return
  world.kill(host)
  const slot = world.hosts.indexOf(host)
  world.timeline.after(world.random.pick(100, 2 * SECOND, 30 * SECOND), () => {
    if (world.hosts[slot] === host) world.start(slot)
  })
}

function pause(world: World): void {
  const ms = world.random.pick(SECOND, 10 * SECOND, 20 * SECOND, 40 * SECOND, 60 * SECOND)
  const machine = victim(world)?.machine
  if (!machine) return
  world.history.figures.pauses += 1
  world.history.note(() => `${machine.name} STOPPED for ${ms} ms`)
  machine.stop(ms)
}

function outage(world: World): void {
  const ms = world.random.pick(SECOND, 10 * SECOND, 60 * SECOND)
  if (!world.store.faulty) return
  world.store.downUntil = world.timeline.now + ms
  world.history.note(() => `the store is down for ${ms} ms`)
}

function endByUser(world: World): void {
  for (const pair of world.history.model.pairs) pair.ended ??= 'by-user'
  world.history.note(() => 'the user ends the connection at Procore')
}
