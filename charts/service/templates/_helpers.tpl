{{/* Templates of both charts. Each takes a dict; `root` in it is the scope of a chart. */}}

{{/* The labels that select pods: root, name, component. */}}
{{- define "orderflow.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* All labels: root, name, component; service when it is part of one. */}}
{{- define "orderflow.labels" -}}
{{ include "orderflow.selector" . }}
app.kubernetes.io/part-of: orderflow
{{- with .service }}
orderflow.io/service: {{ . }}
{{- end }}
{{- end }}

{{/* Of pods that drills may know: root, workload, and podLabels, which may say otherwise. */}}
{{- define "orderflow.drillLabels" -}}
orderflow.io/workload: {{ .workload }}
{{- if and .root.Values.global.drills.allowed (not (hasKey (.podLabels | default dict) "orderflow.io/drills")) }}
orderflow.io/drills: allowed
{{- end }}
{{- end }}

{{/* On the object but not on its pods, which would be replaced for a new chart version alone. */}}
{{- define "orderflow.objectLabels" -}}
{{ include "orderflow.labels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- end }}

{{/* The image of a service: root, service, image (its own settings). */}}
{{- define "orderflow.image" -}}
{{- $global := .root.Values.global.image -}}
{{- $repository := .image.repository | default (printf "orderflow/%s" .service) -}}
{{- $tag := .image.tag | default $global.tag | default .root.Chart.AppVersion -}}
{{- list $global.registry (printf "%s:%s" $repository $tag) | compact | join "/" -}}
{{- end }}

{{/* A public image as it stands or from the registry that mirrors it: root, image. */}}
{{- define "orderflow.publicImage" -}}
{{- list .root.Values.global.image.mirror .image | compact | join "/" -}}
{{- end }}

{{- define "orderflow.pullSecrets" -}}
{{- with .root.Values.global.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{/* Of a pod, as Pod Security "restricted" demands: uid; fsGroup for pods with volumes. */}}
{{- define "orderflow.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .uid }}
runAsGroup: {{ .uid }}
{{- if .fsGroup }}
fsGroup: {{ .uid }}
fsGroupChangePolicy: OnRootMismatch
{{- end }}
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "orderflow.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* A password that an upgrade keeps: root, secret, key. Without a cluster to ask (helm template) it is a new one. */}}
{{- define "orderflow.keptPassword" -}}
{{- $secret := lookup "v1" "Secret" .root.Release.Namespace .secret | default dict -}}
{{- $kept := dig "data" .key "" $secret -}}
{{- if $kept }}{{ $kept | b64dec }}{{ else }}{{ randAlphaNum 32 }}{{ end -}}
{{- end }}

{{- define "orderflow.redisSecret" -}}
{{- .root.Values.global.redis.existingSecret | default (printf "%s-redis" .root.Release.Name) -}}
{{- end }}

{{- define "orderflow.internalSecret" -}}
{{- .root.Values.global.internalToken.existingSecret | default (printf "%s-internal" .root.Release.Name) -}}
{{- end }}

{{- define "orderflow.sharedSecret" -}}
{{- .root.Values.global.sharedSecrets.existingSecret | default (printf "%s-shared" .root.Release.Name) -}}
{{- end }}

{{/* The address behind a target of global.connections, `SERVICE` or `SERVICE:PORT_NAME`: root, target. An empty target is no connection. */}}
{{- define "orderflow.address" -}}
{{- $parts := splitList ":" .target -}}
{{- $host := printf "%s-%s" .root.Release.Name (first $parts) -}}
{{- if eq (len $parts) 1 }}http://{{ $host }}:8080{{ else }}{{ last $parts }}://{{ $host }}:{{ get .root.Values.global.ports (last $parts) }}{{ end -}}
{{- end }}

{{/* Rules that let a pod out to whom it calls by global.connections: root, caller. */}}
{{- define "orderflow.egress" -}}
{{- $root := .root -}}
{{- range $target := get .root.Values.global.connections .caller | default dict | values | compact | uniq | sortAlpha }}
{{- $parts := splitList ":" $target }}
- to:
    - podSelector:
        matchLabels:
          {{- include "orderflow.selector" (dict "root" $root "name" (first $parts) "component" "service") | nindent 10 }}
  ports: [{ port: {{ eq (len $parts) 1 | ternary "http" (last $parts) }} }]
{{- end }}
{{- end }}

{{/* Rules that let the callers of a service in, by global.connections: root, service. */}}
{{- define "orderflow.ingress" -}}
{{- $root := .root -}}
{{- $service := .service -}}
{{- range $caller, $connections := .root.Values.global.connections }}
{{- range $target := values $connections | compact | uniq | sortAlpha }}
{{- $parts := splitList ":" $target }}
{{- if eq (first $parts) $service }}
- from:
    - podSelector:
        matchLabels:
          {{- include "orderflow.selector" (dict "root" $root "name" $caller "component" (has $caller $root.Values.global.jobs | ternary "job" "service")) | nindent 10 }}
  ports: [{ port: {{ eq (len $parts) 1 | ternary "http" (last $parts) }} }]
{{- end }}
{{- end }}
{{- end }}
{{- end }}
