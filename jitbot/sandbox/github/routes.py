"""Which function answers which path."""

from collections.abc import Callable

from jitbot.sandbox.github import api_git, api_objects, api_pulls, api_site, graphql
from jitbot.sandbox.github.call import Reply

_REPO = "/repos/<owner>/<name>"
_PULL = f"{_REPO}/pulls/<int:number>"

SITE_ROUTES: dict[tuple[str, str], Callable[..., Reply]] = {
    ("GET", "/user"): api_site.get_own_user,
    ("GET", "/users/<login>"): api_site.get_user,
    ("POST", "/graphql"): graphql.answer,
}

REPOSITORY_ROUTES: dict[tuple[str, str], Callable[..., Reply]] = {
    ("GET", _REPO): api_site.get_repository,
    ("GET", f"{_REPO}/collaborators/<login>/permission"): api_site.get_permission,
    ("GET", f"{_REPO}/codeowners/errors"): api_site.list_codeowners_errors,
    ("GET", f"{_REPO}/actions/workflows/<workflow>"): api_site.get_workflow,
    ("POST", f"{_REPO}/actions/workflows/<workflow>/dispatches"): api_site.dispatch_workflow,
    ("GET", f"{_REPO}/commits"): api_objects.list_commits,
    ("GET", f"{_REPO}/git/commits/<sha>"): api_objects.get_git_commit,
    ("POST", f"{_REPO}/git/commits"): api_objects.create_commit,
    ("POST", f"{_REPO}/git/trees"): api_objects.create_tree,
    ("GET", f"{_REPO}/commits/<path:revision>"): api_git.get_commit,
    ("GET", f"{_REPO}/commits/<path:revision>/pulls"): api_git.list_pulls_of_commit,
    ("GET", f"{_REPO}/commits/<path:revision>/status"): api_git.get_combined_status,
    ("GET", f"{_REPO}/commits/<path:revision>/statuses"): api_git.list_statuses,
    ("GET", f"{_REPO}/statuses/<path:revision>"): api_git.list_statuses,
    ("POST", f"{_REPO}/statuses/<sha>"): api_git.create_status,
    ("GET", f"{_REPO}/branches"): api_git.list_branches,
    ("GET", f"{_REPO}/branches/<path:branch>"): api_git.get_branch,
    ("GET", f"{_REPO}/rules/branches/<path:branch>"): api_git.list_rules,
    ("GET", f"{_REPO}/git/ref/<path:ref>"): api_git.get_ref,
    ("GET", f"{_REPO}/git/refs/<path:ref>"): api_git.get_ref,
    ("POST", f"{_REPO}/git/refs"): api_git.create_ref,
    ("PATCH", f"{_REPO}/git/refs/<path:ref>"): api_git.update_ref,
    ("DELETE", f"{_REPO}/git/refs/<path:ref>"): api_git.delete_ref,
    ("GET", f"{_REPO}/contents/"): api_git.get_contents,
    ("GET", f"{_REPO}/contents/<path:path>"): api_git.get_contents,
    ("PUT", f"{_REPO}/contents/<path:path>"): api_git.put_contents,
    ("GET", f"{_REPO}/pulls"): api_pulls.list_pulls,
    ("POST", f"{_REPO}/pulls"): api_pulls.create_pull,
    ("GET", _PULL): api_pulls.get_pull,
    ("PATCH", _PULL): api_pulls.edit_pull,
    ("GET", f"{_PULL}/files"): api_pulls.list_files,
    ("GET", f"{_PULL}/commits"): api_pulls.list_commits,
    ("GET", f"{_PULL}/merge"): api_pulls.is_merged,
    ("PUT", f"{_PULL}/merge"): api_pulls.merge,
    ("PUT", f"{_PULL}/update-branch"): api_pulls.update_branch,
    ("GET", f"{_PULL}/reviews"): api_pulls.list_reviews,
    ("POST", f"{_PULL}/reviews"): api_pulls.create_review,
    ("GET", f"{_PULL}/reviews/<int:review_id>"): api_pulls.get_review,
    ("PUT", f"{_PULL}/reviews/<int:review_id>/dismissals"): api_pulls.dismiss_review,
    ("GET", f"{_REPO}/issues/<int:number>/comments"): api_pulls.list_comments,
    ("POST", f"{_REPO}/issues/<int:number>/comments"): api_pulls.create_comment,
    ("GET", f"{_REPO}/issues/comments/<int:comment_id>"): api_pulls.get_comment,
    ("PATCH", f"{_REPO}/issues/comments/<int:comment_id>"): api_pulls.edit_comment,
}
