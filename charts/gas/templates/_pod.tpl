{{/* What all our pods and containers have in common: the restricted Pod Security Standard, identity, settings. */}}

{{/* (list $ "web"): annotations of a pod; a changed setting is a changed pod. */}}
{{- define "gas.podAnnotations" -}}
checksum/settings: {{ include "gas.settings" . | sha256sum | trunc 16 }}
{{- with (index (index . 0).Values (index . 1)).podAnnotations }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* (list $ "web"): fields of a pod's spec. */}}
{{- define "gas.podFields" -}}
{{- $root := index . 0 -}}{{- $values := index $root.Values (index . 1) -}}
serviceAccountName: {{ include "gas.name" . }}
{{ include "gas.podSecurity" $root }}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.affinity }}
affinity: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "gas.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
# Python is not process 1 then. Process 1 ignores a SIGTERM that comes before its handler is there: a pod that is stopped while
# it starts would work on and be killed in the middle of a job.
shareProcessNamespace: true
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.image.pullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "gas.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* (list $ "web"): fields of its container, but for name, arguments, ports and probes. */}}
{{- define "gas.containerFields" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}{{- $values := index $root.Values $name -}}
image: {{ include "gas.image" (list $root (ternary "web" $name (eq $name "operations"))) }}
imagePullPolicy: {{ $root.Values.image.pullPolicy }}
{{ include "gas.containerSecurity" $root }}
envFrom:
  - configMapRef: {name: {{ include "gas.name" . }}}
{{- with include "gas.awsSecretName" $root }}
env:
  {{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
  - name: {{ . }}
    valueFrom: {secretKeyRef: {name: {{ include "gas.awsSecretName" $root }}, key: {{ . }}}}
  {{- end }}
{{- include "gas.webSecrets" $ | indent 2 }}
{{- else }}
{{- with include "gas.webSecrets" . }}
env:
  {{- . | indent 2 }}
{{- end }}
{{- end }}
resources: {{- toYaml $values.resources | nindent 2 }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- if $values.workSize }}
  - {name: work, mountPath: /work}
  {{- end }}
  {{- if include "gas.fetches" $values }}
  - {name: bundles, mountPath: /bundles}
  {{- end }}
  {{- if eq $name "operations" }}
  - {name: kubernetes, mountPath: /var/run/secrets/kubernetes.io/serviceaccount, readOnly: true}
  {{- end }}
{{- end -}}

{{/* (list $ "web"): the secrets of what is signed in to. */}}
{{- define "gas.webSecrets" -}}
{{- $root := index . 0 -}}{{- $name := index . 1 -}}
{{- $keys := list -}}
{{- if has $name (list "web" "operations") -}}{{- $keys = list "GAS_SECRET_KEY" "GAS_GLOBUS_CLIENT_SECRET" -}}{{- end -}}
{{- if and (eq $name "web") (eq $root.Values.billing.provider "stripe") -}}
{{- $keys = concat $keys (list "GAS_STRIPE_SECRET_KEY" "GAS_STRIPE_WEBHOOK_SECRET") -}}
{{- end -}}
{{- range $keys }}
- name: {{ . }}
  valueFrom: {secretKeyRef: {name: {{ include "gas.secretName" $root }}, key: {{ . }}}}
{{- end -}}
{{- end -}}

{{- define "gas.volumes" -}}
{{- $values := index (index . 0).Values (index . 1) -}}
volumes:
  - {name: tmp, emptyDir: {}}
  {{- with $values.workSize }}
  - {name: work, emptyDir: {sizeLimit: {{ . }}}}
  {{- end }}
  {{- if include "gas.fetches" $values }}
  - name: bundles
    {{- toYaml ($values.bundleCache | default (dict "emptyDir" dict)) | nindent 4 }}
  {{- end }}
  {{- if eq (index . 1) "operations" }}
  # What Kubernetes would mount by itself; written out, so that no other pod of ours is given it by a default.
  # The fieldRef's version is its default: without it every kubectl apply changes this list, which is replaced whole.
  - name: kubernetes
    projected:
      sources:
        - serviceAccountToken: {path: token, expirationSeconds: 3600}
        - configMap: {name: kube-root-ca.crt, items: [{key: ca.crt, path: ca.crt}]}
        - downwardAPI: {items: [{path: namespace, fieldRef: {apiVersion: v1, fieldPath: metadata.namespace}}]}
  {{- end }}
{{- end -}}

{{/* Pods of a component apart from each other, where there is more than one node and zone. */}}
{{- define "gas.spread" -}}
topologySpreadConstraints:
{{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "gas.selectorLabels" $ | nindent 8 }}
{{- end }}
{{- end -}}
