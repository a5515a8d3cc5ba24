import { LONGEST_PASSWORD } from '../../staff/password.ts'
import { Field } from '../../ui/form.tsx'
import type { Site } from '../../ui/site.ts'

/** A password that is chosen, typed twice. */
export function NewPassword({
  site,
  name,
  label,
  error,
  errorAgain,
}: {
  site: Site
  name: string
  label: string
  error?: string | undefined
  errorAgain?: string | undefined
}) {
  const { passwordHint, again } = site.messages.desk.setUp
  return (
    <>
      <Field
        site={site}
        name={name}
        type="password"
        label={label}
        hint={passwordHint}
        error={error}
        autocomplete="new-password"
        maxLength={LONGEST_PASSWORD}
      />
      <Field
        site={site}
        name="ripeti"
        type="password"
        label={again}
        error={errorAgain}
        autocomplete="new-password"
        maxLength={LONGEST_PASSWORD}
      />
    </>
  )
}
