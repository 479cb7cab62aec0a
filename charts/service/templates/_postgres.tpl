{{/* The Secret that says where the database is. */}}
{{- define "service.postgresSecret" -}}
{{- .Values.postgres.existingSecret | default (printf "%s-%s-postgres" .Release.Name .Chart.Name) -}}
{{- end }}

{{- define "service.databaseUrl" -}}
- name: DATABASE_URL
  valueFrom: { secretKeyRef: { name: {{ include "service.postgresSecret" . }}, key: url } }
{{- end }}

{{/* The most pods there may be at once: an upgrade adds one. */}}
{{- define "service.mostPods" -}}
{{- $most := .Values.replicas }}
{{- if .Values.hpa.enabled }}{{ $most = max $most .Values.hpa.maxReplicas }}{{ end }}
{{- if .Values.keda.enabled }}{{ $most = max $most .Values.keda.maxReplicas }}{{ end }}
{{- add $most 1 -}}
{{- end }}
