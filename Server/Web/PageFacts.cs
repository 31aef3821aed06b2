namespace RawSocketChat.Server.Web;

/// <summary>
/// The facts about the server that the page needs before the page connects. The server writes these facts into the page, so the page needs no request
/// for them.
/// </summary>
/// <param name="Features">The words of <c>features</c> in a welcome.</param>
/// <param name="LoginText">The text of the button that begins a login with a provider.</param>
/// <param name="FrameAncestors">The origins whose pages may show the page in a frame (<see cref="WebOptions.FrameAncestors"/>).</param>
/// <param name="PushKey">The public key for push messages; null if the server sends none.</param>
public sealed record PageFacts(IReadOnlyList<string> Features, string LoginText, IReadOnlyList<string> FrameAncestors, string? PushKey = null);
