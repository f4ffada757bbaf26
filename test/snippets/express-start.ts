import { procoreAuth, requireProcore } from '@procore-auth/express'
import express from 'express'

const app = express()

// From PROCORE_ENVIRONMENT, PROCORE_CLIENT_ID, PROCORE_CLIENT_SECRET, PROCORE_REDIRECT_URI and
// PROCORE_AUTH_SECRET; or pass options, or what createProcoreAuth() returned.
app.use(procoreAuth())

app.get('/projects', requireProcore(), async (req, res) => {
  res.json(await req.procore.client.forCompany(42).get('/rest/v1.0/projects'))
})

app.listen(3000)
