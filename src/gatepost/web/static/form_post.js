// Submit at once (OAuth 2.0 Form Post Response Mode, section 2). The method is taken from the
// prototype, because a field could be named "submit" and hide that of the form.

HTMLFormElement.prototype.submit.call(document.getElementById("form_post"));
