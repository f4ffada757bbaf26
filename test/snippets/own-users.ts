import { optionsFromEnv, type ProcoreUser } from '@procore-auth/core'
import { procoreAuth } from '@procore-auth/express'

declare function saveUser(user: ProcoreUser): Promise<void>

export const middleware = procoreAuth({
  ...optionsFromEnv(),
  // Called before a sign-in counts; returning false refuses it.
  onSignIn: async ({ user }) => {
    await saveUser(user)
  },
})
