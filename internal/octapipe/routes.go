package octapipe

// routes is the API, row by row. Where two patterns fit one path, the first wins: what is literal stands before what is a parameter.
var routes = []route{
	{"POST", "login", public, login},
	{"POST", "refresh", public, refresh},
	{"GET", "me", member, getMe},
	{"POST", "api-keys", admin, createAPIKey},
	{"DELETE", "api-keys/{uuid}", admin, deleteAPIKey},

	{"GET", "databases", member, listDatabases},
	{"POST", "databases", admin, createDatabase},
	{"GET", "databases/{uuid}", member, getDatabase},
	{"PUT", "databases/{uuid}", admin, updateDatabase},
	{"DELETE", "databases/{uuid}", admin, deleteDatabase},

	{"GET", "databases/{database}/custom-fields", member, listDatabaseFields},
	{"POST", "databases/{database}/custom-fields", admin, createDatabaseField},
	{"GET", "databases/{database}/custom-fields/{uuid}", member, getDatabaseField},
	{"PUT", "databases/{database}/custom-fields/{uuid}", admin, updateDatabaseField},
	{"DELETE", "databases/{database}/custom-fields/{uuid}", admin, deleteDatabaseField},

	{"PUT", "databases/{database}/records/bulk", member, bulkUpdateRecords},
	{"DELETE", "databases/{database}/records/bulk", member, bulkDeleteRecords},
	{"GET", "databases/{database}/imports/{uuid}", member, getImport},
	{"POST", "databases/{database}/records/export", member, startExport},
	{"GET", "databases/{database}/exports/{uuid}", member, getExport},
	{"GET", "exports/{uuid}/download", public, downloadExport},
	{"GET", "databases/{database}/records", member, listRecords},
	{"POST", "databases/{database}/records", member, createRecord},
	{"GET", "databases/{database}/records/{uuid}", member, getRecord},
	{"PUT", "databases/{database}/records/{uuid}", member, updateRecord},
	{"DELETE", "databases/{database}/records/{uuid}", member, deleteRecord},

	{"GET", "pipelines", member, listPipelines},
	{"POST", "pipelines", admin, createPipeline},
	{"GET", "pipelines/{uuid}", member, getPipeline},
	{"PUT", "pipelines/{uuid}", admin, updatePipeline},
	{"DELETE", "pipelines/{uuid}", admin, deletePipeline},

	{"GET", "pipelines/{pipeline}/custom-fields", member, listPipelineFields},
	{"POST", "pipelines/{pipeline}/custom-fields", admin, createPipelineField},
	{"GET", "pipelines/{pipeline}/custom-fields/{uuid}", member, getPipelineField},
	{"PUT", "pipelines/{pipeline}/custom-fields/{uuid}", admin, updatePipelineField},
	{"DELETE", "pipelines/{pipeline}/custom-fields/{uuid}", admin, deletePipelineField},

	{"GET", "pipelines/{pipeline}/stages", member, listStages},
	{"POST", "pipelines/{pipeline}/stages", admin, createStage},
	{"GET", "pipelines/{pipeline}/stages/{uuid}", member, getStage},
	{"PUT", "pipelines/{pipeline}/stages/{uuid}", admin, updateStage},
	{"DELETE", "pipelines/{pipeline}/stages/{uuid}", admin, deleteStage},

	{"GET", "pipelines/{pipeline}/cards", member, listCards},
	{"POST", "pipelines/{pipeline}/cards", member, createCard},
	{"GET", "pipelines/{pipeline}/cards/{uuid}", member, getCard},
	{"PUT", "pipelines/{pipeline}/cards/{uuid}", member, updateCard},
	{"DELETE", "pipelines/{pipeline}/cards/{uuid}", member, deleteCard},

	{"GET", "tasks", member, listTasks},
	{"POST", "tasks", member, createTask},
	{"GET", "tasks/{uuid}", member, getTask},
	{"PUT", "tasks/{uuid}", member, updateTask},
	{"DELETE", "tasks/{uuid}", member, deleteTask},

	{"GET", "notes", member, listNotes},
	{"POST", "notes", member, createNote},
	{"DELETE", "notes/{uuid}", member, deleteNote},

	{"GET", "notifications", member, listNotifications},
	{"POST", "notifications", member, createNotification},
	{"PUT", "notifications/{uuid}/read", member, markRead},

	{"GET", "users", member, listUsers},
	{"POST", "users", admin, createUser},
	{"GET", "users/{uuid}", member, getUser},
	{"PUT", "users/{uuid}", member, updateUser},
	{"DELETE", "users/{uuid}", admin, deleteUser},

	{"GET", "files", member, listFiles},
	{"GET", "files/{uuid}", member, getFile},
	{"DELETE", "files/{uuid}", member, deleteFile},
	{"GET", "files/{uuid}/download", member, downloadFile},
}

// streaming are the calls whose body is not one JSON object: they read it, and open transactions, themselves.
var streaming = []route{
	{"POST", "databases/{database}/records/import", member, startImport},
	{"POST", "files", member, uploadFile},
	{"POST", "files/copy", member, copyFile},
}
