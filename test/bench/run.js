// What signing in costs a request: bare Express, procoreAuth() untouched, and a signed-in request
// that asks who it is. Rounds alternate, so that a noisy machine treats all alike; read the ratios.
//
//   pnpm bench [seconds per measurement, default 3] [rounds, default 5]
import { once } from 'node:events'
import { createProcoreAuth } from '@procore-auth/core'
import { procoreAuth } from '@procore-auth/express'
import { createSimulator } from '@procore-auth/simulator'
import autocannon from 'autocannon'
import express from 'express'

const [seconds = 3, rounds = 5] = process.argv.slice(2).map(Number)
const redirectUri = 'http://localhost:4567/callback'
const simulator = await createSimulator({ redirectUris: [redirectUri] })
const auth = createProcoreAuth({
  environment: { loginOrigin: simulator.loginOrigin, apiOrigin: simulator.apiOrigin },
  ...simulator.app,
  redirectUri,
  secret: simulator.app.clientSecret,
})

const cases = {
  'bare Express': await serve((app) => app.get('/', (_req, res) => res.end('ok'))),
  'procoreAuth(), untouched': await serve((app) => {
    app.use(procoreAuth(auth))
    app.get('/', (_req, res) => res.end('ok'))
  }),
  'signed in, req.procore.user': await serve((app) => {
    app.use(procoreAuth(auth))
    app.get('/', (req, res) => res.end(req.procore.user.id))
  }),
}
const cookie = await signIn()
const results = new Map(Object.keys(cases).map((name) => [name, []]))
for (let round = 1; round <= rounds; round += 1) {
  process.stderr.write(`round ${round} of ${rounds}\n`)
  for (const [name, { url }] of Object.entries(cases)) {
    const { requests, non2xx } = await autocannon({ url, duration: seconds, headers: { cookie } })
    if (non2xx > 0) throw new Error(`${name}: ${non2xx} answers were not a success`)
    results.get(name).push(requests.average)
  }
}

const bare = median(results.get('bare Express'))
for (const [name, rates] of results) {
  const [low, high] = [Math.min(...rates), Math.max(...rates)].map(Math.round)
  const rate = median(rates)
  const cost = (1e6 / rate - 1e6 / bare).toFixed(1)
  console.log(
    `${name.padEnd(28)} ${Math.round(rate)} requests/s (${low} to ${high}), ${(rate / bare).toFixed(2)} of bare, ${cost} µs more`,
  )
}
for (const { server } of Object.values(cases)) server.close()
await Promise.all([auth.close(), simulator.close()])

async function serve(build) {
  const app = express()
  build(app)
  const server = app.listen(0, 'localhost')
  await once(server, 'listening')
  return { server, url: `http://localhost:${server.address().port}` }
}

/** Signs in through the routes and returns the session cookie. */
async function signIn() {
  const { url } = cases['signed in, req.procore.user']
  const login = await fetch(`${url}/auth/procore/login`, { redirect: 'manual' })
  const state = new URL(login.headers.get('location')).searchParams.get('state')
  const callback = new URL(await simulator.authorize({ redirectUri, state }))
  const done = await fetch(`${url}${callback.pathname}${callback.search}`, {
    headers: { cookie: login.headers.getSetCookie()[0].split(';')[0] },
    redirect: 'manual',
  })
  return done.headers.getSetCookie().at(-1).split(';')[0]
}

function median(numbers) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
}
