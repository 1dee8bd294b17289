{{/* The name of the application. */}}
{{- define "usergraph.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* The name of all resources: that of the release, which contains or precedes the name of the application. */}}
{{- define "usergraph.fullname" -}}
{{- $name := include "usergraph.name" . -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "usergraph.selectorLabels" -}}
app.kubernetes.io/name: {{ include "usergraph.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The labels by which the Service, the PodDisruptionBudget and others select gateways, but not the migration. */}}
{{- define "usergraph.gatewayLabels" -}}
{{ include "usergraph.selectorLabels" . }}
app.kubernetes.io/component: gateway
{{- end -}}

{{- define "usergraph.labels" -}}
{{ include "usergraph.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "usergraph.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "usergraph.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "usergraph.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The variables that the gateway and the migration need to connect to the database. */}}
{{- define "usergraph.databaseEnv" -}}
{{- $secret := required "database.existingSecret is required: the name of a Secret with the key DATABASE_URL." .Values.database.existingSecret -}}
{{- if .Values.database.urlsKey }}
- name: DATABASE_URLS
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ .Values.database.urlsKey }}
{{- else }}
- name: DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ .Values.database.urlKey }}
{{- end }}
- name: DATABASE_DIRECT_URL
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ .Values.database.directUrlKey }}
      optional: true
- name: DATABASE_REPLICA_URLS
  valueFrom:
    secretKeyRef:
      name: {{ $secret }}
      key: {{ .Values.database.replicaUrlsKey }}
      optional: true
{{- end -}}

{{/* Environment variables that the chart sets, and the value of the chart that determines each. */}}
{{- define "usergraph.reservedVariables" -}}
DATABASE_URL: database.existingSecret
DATABASE_URLS: database.urlsKey
DATABASE_DIRECT_URL: database.existingSecret
DATABASE_REPLICA_URLS: database.existingSecret
DRAIN_MS: drainMs
METRICS_PORT: metrics.port
METRICS_TOKEN: metrics.existingSecret
PORT: service.port
{{- end -}}

{{/* The settings of the user. The migration validates the same configuration as the gateway. */}}
{{- define "usergraph.configEnv" -}}
{{- $names := keys .Values.config -}}
{{- range .Values.extraEnv }}
{{- $names = append $names (toString .name) }}
{{- end }}
{{- range $name, $value := fromYaml (include "usergraph.reservedVariables" .) }}
{{- if has $name $names }}
{{- fail (printf "%s cannot be set in config or extraEnv; set %s instead." $name $value) }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.config }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* The labels of the user for gateways. */}}
{{- define "usergraph.podLabels" -}}
{{- $own := set (fromYaml (include "usergraph.labels" .)) "app.kubernetes.io/component" "gateway" -}}
{{- range $name, $_ := .Values.podLabels }}
{{- if hasKey $own $name }}
{{- fail (printf "podLabels cannot have %s, which the chart sets: Services select gateways by labels." $name) }}
{{- end }}
{{- end }}
{{- with .Values.podLabels }}
{{- toYaml . }}
{{- end }}
{{- end -}}
