import { createProcoreAuth } from '@procore-auth/core'

const auth = createProcoreAuth()

// A service account (client credentials): one token request, however many calls.
const projects = await auth.forService().forCompany(42).get('/rest/v1.0/projects')

// A script that acts for a person: once, the person opens the URL and pastes what Procore shows …
const app = auth.installedApp()
console.log(app.authorizationUrl)
await app.complete(process.argv[2] ?? '')
// … and from then on the grant renews itself.
const me = await auth.forUser().get('/rest/v1.0/me')

console.log(projects, me)
