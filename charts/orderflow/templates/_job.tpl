{{/* The pod of a job that calls the gateway from the gateway's image: root, name, command, token (whether it needs the internal token). */}}
{{- define "orderflow.jobPod" -}}
{{- $root := .root -}}
restartPolicy: Never
automountServiceAccountToken: false
enableServiceLinks: false
{{- include "orderflow.pullSecrets" (dict "root" $root) }}
securityContext:
  {{- include "orderflow.podSecurity" (dict "uid" 10001) | nindent 2 }}
containers:
  - name: {{ .name }}
    image: {{ include "orderflow.image" (dict "root" $root "service" "gateway" "image" $root.Values.gateway.image) }}
    imagePullPolicy: {{ $root.Values.global.image.pullPolicy }}
    command:
      {{- toYaml .command | nindent 6 }}
    env:
      {{- range $variable, $target := get $root.Values.global.connections .name }}
      - { name: {{ $variable }}, value: {{ include "orderflow.address" (dict "root" $root "target" $target) | quote }} }
      {{- end }}
      - { name: DEMO, value: {{ $root.Values.global.demo | quote }} }
      {{- if .token }}
      - name: INTERNAL_TOKEN
        valueFrom: { secretKeyRef: { name: {{ include "orderflow.internalSecret" (dict "root" $root) }}, key: token } }
      {{- end }}
    resources:
      requests: { cpu: 10m, memory: 64Mi }
      limits: { cpu: 500m, memory: 192Mi }
    securityContext:
      {{- include "orderflow.containerSecurity" $root | nindent 6 }}
{{- end }}
