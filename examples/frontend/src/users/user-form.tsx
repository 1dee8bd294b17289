import { type FormEvent, useEffect, useId, useRef } from 'react';
import type { Problem } from '../relay/use-write.ts';

const FIELDS = [
  { name: 'uid', label: 'uid', type: 'text' },
  { name: 'firstName', label: 'First name', type: 'text' },
  { name: 'lastName', label: 'Last name', type: 'text' },
  { name: 'email', label: 'E-mail', type: 'email' },
  { name: 'number', label: 'Phone number', type: 'tel' },
] as const;

export type FieldName = (typeof FIELDS)[number]['name'];
export type Values = Partial<Record<FieldName, string | null>>;

interface Props {
  /** The fields to show, in this form's order, with their current values. */
  initial: Values;
  submitLabel: string;
  isInFlight: boolean;
  problem: Problem | undefined;
  /** What to say after success. */
  status?: string;
  /** @param changes the fields that have another value than before; null instead of an empty text. */
  onSubmit: (changes: Values) => void;
}

/** Edits the fields of a user. The gateway validates them: its issues are shown at the fields that their paths name. */
export function UserForm({ initial, submitLabel, isInFlight, problem, status, onSubmit }: Props) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const fields = FIELDS.filter(({ name }) => name in initial);
  const issuesOf = (name: string) => (problem?.issues ?? []).filter(({ path }) => path[0] === name);
  const hasFieldIssues = fields.some(({ name }) => issuesOf(name).length > 0);

  useEffect(() => {
    if (problem) form.current?.querySelector<HTMLInputElement>('[aria-invalid=true]')?.focus();
  }, [problem]);

  // Shows what the gateway has stored: it normalizes phone numbers.
  useEffect(() => {
    if (status) form.current?.reset();
  }, [status]);

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const values = fields.map(({ name }) => [name, String(data.get(name)) || null] as const);
    onSubmit(Object.fromEntries(values.filter(([name, value]) => value !== initial[name])));
  }

  return (
    <form ref={form} className="fields" noValidate onSubmit={submit}>
      {fields.map(({ name, label, type }) => {
        const issues = issuesOf(name);
        return (
          <div key={name}>
            <label htmlFor={`${id}${name}`}>{label}</label>
            <input
              id={`${id}${name}`}
              name={name}
              type={type}
              defaultValue={initial[name] ?? ''}
              autoComplete="off"
              aria-invalid={issues.length > 0}
              aria-describedby={`${id}${name}-issue`}
            />
            <p id={`${id}${name}-issue`} className="issue">
              {issues.map(({ message }) => message).join(' ')}
            </p>
          </div>
        );
      })}
      <button type="submit" className="primary" disabled={isInFlight}>
        {submitLabel}
      </button>
      <span role="status">{status}</span>
      {problem && !hasFieldIssues && <ProblemMessage problem={problem} />}
    </form>
  );
}

/** The message and the code of an error. */
export function ProblemMessage({ problem }: { problem: Problem }) {
  return (
    <p className="issue" role="alert">
      {problem.message} {problem.code && <code>{problem.code}</code>}
    </p>
  );
}
