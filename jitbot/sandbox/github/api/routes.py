"""Which function answers which path."""

from collections.abc import Callable

from jitbot.sandbox.github.api import comments, events, git, graphql, issues, objects, pulls, settings, site
from jitbot.sandbox.github.api.call import Reply

_REPO = "/repos/<owner>/<name>"
_PULL = f"{_REPO}/pulls/<int:number>"

SITE_ROUTES: dict[tuple[str, str], Callable[..., Reply]] = {
    ("GET", "/user"): site.get_own_user,
    ("GET", "/users/<login>"): site.get_user,
    ("GET", "/orgs/<organisation>/teams/<team>/members"): settings.list_members,
    ("POST", "/graphql"): graphql.answer,
}

REPOSITORY_ROUTES: dict[tuple[str, str], Callable[..., Reply]] = {
    ("GET", _REPO): site.get_repository,
    ("PATCH", _REPO): settings.edit_repository,
    ("GET", f"{_REPO}/actions/permissions/workflow"): settings.get_job_permissions,
    ("PUT", f"{_REPO}/actions/permissions/workflow"): settings.set_job_permissions,
    ("GET", f"{_REPO}/rulesets"): settings.list_rulesets,
    ("POST", f"{_REPO}/rulesets"): settings.create_ruleset,
    ("GET", f"{_REPO}/rulesets/<int:number>"): settings.get_ruleset,
    ("PUT", f"{_REPO}/rulesets/<int:number>"): settings.update_ruleset,
    ("GET", f"{_REPO}/branches/<path:branch>/protection"): settings.get_protection,
    ("POST", f"{_REPO}/git/trees"): objects.create_tree,
    ("POST", f"{_REPO}/git/commits"): objects.create_commit,
    ("GET", f"{_REPO}/collaborators/<login>/permission"): site.get_permission,
    ("GET", f"{_REPO}/codeowners/errors"): site.list_codeowners_errors,
    ("GET", f"{_REPO}/actions/workflows/<workflow>"): site.get_workflow,
    ("POST", f"{_REPO}/actions/workflows/<workflow>/dispatches"): site.dispatch_workflow,
    ("GET", f"{_REPO}/commits"): objects.list_commits,
    ("GET", f"{_REPO}/git/commits/<sha>"): objects.get_git_commit,
    ("GET", f"{_REPO}/commits/<path:revision>"): git.get_commit,
    ("GET", f"{_REPO}/commits/<path:revision>/pulls"): git.list_pulls_of_commit,
    ("GET", f"{_REPO}/commits/<path:revision>/status"): git.get_combined_status,
    ("GET", f"{_REPO}/commits/<path:revision>/statuses"): git.list_statuses,
    ("GET", f"{_REPO}/statuses/<path:revision>"): git.list_statuses,
    ("POST", f"{_REPO}/statuses/<sha>"): git.create_status,
    ("GET", f"{_REPO}/branches"): git.list_branches,
    ("GET", f"{_REPO}/branches/<path:branch>"): git.get_branch,
    ("GET", f"{_REPO}/rules/branches/<path:branch>"): git.list_rules,
    ("GET", f"{_REPO}/git/ref/<path:ref>"): git.get_ref,
    ("GET", f"{_REPO}/git/refs/<path:ref>"): git.get_ref,
    ("POST", f"{_REPO}/git/refs"): git.create_ref,
    ("PATCH", f"{_REPO}/git/refs/<path:ref>"): git.update_ref,
    ("DELETE", f"{_REPO}/git/refs/<path:ref>"): git.delete_ref,
    ("GET", f"{_REPO}/contents/"): git.get_contents,
    ("GET", f"{_REPO}/contents/<path:path>"): git.get_contents,
    ("PUT", f"{_REPO}/contents/<path:path>"): git.put_contents,
    ("GET", f"{_REPO}/pulls"): pulls.list_pulls,
    ("POST", f"{_REPO}/pulls"): pulls.create_pull,
    ("GET", _PULL): pulls.get_pull,
    ("PATCH", _PULL): pulls.edit_pull,
    ("GET", f"{_PULL}/files"): pulls.list_files,
    ("GET", f"{_PULL}/commits"): pulls.list_commits,
    ("GET", f"{_PULL}/merge"): pulls.is_merged,
    ("PUT", f"{_PULL}/merge"): pulls.merge,
    ("PUT", f"{_PULL}/update-branch"): pulls.update_branch,
    ("GET", f"{_PULL}/reviews"): pulls.list_reviews,
    ("POST", f"{_PULL}/reviews"): pulls.create_review,
    ("GET", f"{_PULL}/reviews/<int:review_id>"): pulls.get_review,
    ("PUT", f"{_PULL}/reviews/<int:review_id>/dismissals"): pulls.dismiss_review,
    ("GET", f"{_REPO}/issues/<int:number>/events"): events.list_events,
    ("GET", f"{_REPO}/activity"): events.list_activities,
    ("GET", f"{_REPO}/issues"): issues.list_issues,
    ("POST", f"{_REPO}/issues"): issues.create_issue,
    ("GET", f"{_REPO}/issues/<int:number>"): issues.get_issue,
    ("PATCH", f"{_REPO}/issues/<int:number>"): issues.edit_issue,
    ("GET", f"{_REPO}/issues/<int:number>/comments"): pulls.list_comments,
    ("POST", f"{_REPO}/issues/<int:number>/comments"): pulls.create_comment,
    ("GET", f"{_REPO}/issues/comments/<int:comment_id>"): pulls.get_comment,
    ("PATCH", f"{_REPO}/issues/comments/<int:comment_id>"): pulls.edit_comment,
    ("DELETE", f"{_REPO}/issues/comments/<int:comment_id>"): comments.delete_comment,
}
