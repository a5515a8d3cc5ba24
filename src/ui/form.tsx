import type { Site } from './site.ts'

export type FieldProps = {
  site: Site
  name: string
  /** Where the name stands twice on a page. Default: the name. */
  id?: string | undefined
  label: string
  hint?: string | undefined
  error?: string | undefined
  value?: string | undefined
  type?: 'text' | 'email' | 'tel' | 'password' | 'date' | undefined
  inputMode?: 'numeric' | 'text' | 'email' | 'tel' | undefined
  autocomplete?: string | undefined
  maxLength?: number | undefined
  required?: boolean | undefined
  autofocus?: boolean | undefined
  /** Id of a datalist whose entries are offered. */
  list?: string | undefined
  /** Digits set in a spaced figure font. */
  digits?: boolean | undefined
  /** Ids of further texts that describe the field. */
  describedBy?: string | undefined
  data?: Record<string, string> | undefined
}

/**
 * A labelled field whose hint and error are tied to it by aria-describedby. The label stays above the box:
 * bootstrap-italia's floating one needs its script.
 */
export function Field(props: FieldProps) {
  const { name, id = name, label, hint, error, required = true, describedBy, data = {} } = props
  const described = [hint && `${id}-hint`, `${id}-error`, describedBy].filter(Boolean).join(' ')
  return (
    <div class="portal-field">
      <label for={id}>
        {label}
        {!required && <span class="portal-optional"> ({props.site.messages.common.optional})</span>}
      </label>
      {hint && (
        <p id={`${id}-hint`} class="portal-hint">
          {hint}
        </p>
      )}
      <input
        id={id}
        name={name}
        type={props.type ?? 'text'}
        inputmode={props.inputMode}
        autocomplete={props.autocomplete ?? 'off'}
        maxlength={props.maxLength}
        value={props.value}
        required={required}
        autofocus={props.autofocus}
        list={props.list}
        class={`portal-input${props.digits ? ' portal-digits' : ''}`}
        aria-describedby={described}
        aria-invalid={error ? 'true' : undefined}
        spellcheck={false}
        autocapitalize="off"
        {...Object.fromEntries(Object.entries(data).map(([key, text]) => [`data-${key}`, text]))}
      />
      <p
        id={`${id}-error`}
        class="portal-field-status"
        data-state={error ? 'error' : undefined}
        aria-live="polite"
      >
        {error}
      </p>
    </div>
  )
}
