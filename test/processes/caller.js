// One process of an application: opens the shared store and does what it is told: calls the API as
// often as asked at once, asks for a status, disconnects. Started by the tests; talks to them over IPC.
import { createProcoreAuth } from '@procore-auth/core'
import { openStore } from './open-store.js'
import { Stops } from './stops.js'

const stops = new Stops((principal) => process.send({ reached: principal }))
const tokenStore = stops.around(await openStore(JSON.parse(process.argv[2])))
const auths = new Map()

const tasks = {
  call: (auth, { principal, calls, stopAt }) => {
    const client = auth.forUser(...principal)
    if (stopAt) stops.at(...principal, stopAt)
    return Array.from({ length: calls }, () => client.get('/rest/v1.0/me'))
  },
  status: (auth, { principal }) => [auth.status(...principal)],
  disconnect: (auth, { principal }) => [auth.disconnect(...principal)],
}

process.on('message', async ({ id, task, auth: options, ...input }) => {
  if (task === 'go-on') return stops.goOn()
  const principal = input.principal === undefined ? [] : [input.principal]
  const startedAt = performance.now()
  const results = await Promise.allSettled(tasks[task](authOf(options), { ...input, principal }))
  const errors = results.flatMap(({ reason }) => (reason ? [reason] : []))
  process.send({
    id,
    result: {
      succeeded: results.length - errors.length,
      codes: [...new Set(errors.map(({ code }) => code))],
      causes: [...new Set(errors.flatMap(({ cause }) => (cause ? [cause.message] : [])))],
      ms: performance.now() - startedAt,
    },
  })
})
process.on('disconnect', () => process.exit())
process.send({ ready: true })

/** One per set of options, as in an application. */
function authOf(options) {
  const name = JSON.stringify(options)
  const known = auths.get(name)
  if (known) return known
  const auth = createProcoreAuth({ ...options, tokenStore })
  auth.on('reauthorization-required', (event) => process.send({ event }))
  auths.set(name, auth)
  return auth
}
