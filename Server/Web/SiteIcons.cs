using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Reflection;
using System.Text;

namespace RawSocketChat.Server.Web;

/// <summary>
/// The icons of the installed page. If the operator has set no logo, the icons show the page's symbol, a plug, on the operator's color. Otherwise
/// they are SVG images that contain the logo.
/// </summary>
internal static class SiteIcons
{
    /// <summary>The color of the page if the operator has set none.</summary>
    public const string DefaultColor = "#a8470f";

    // The shapes have a contrast of at least 3 with their background: WCAG 2.2, success criterion 1.4.11.
    private const double MinContrast = 3;

    // An image inside an SVG image needs a data: address. The other directives protect a person who opens the address of an icon as a page: a logo
    // in the format SVG can contain scripts.
    private const string Policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; sandbox";

    private const string Plug = """
        <path d="M12 9v6M20 9v6" stroke="#fff" stroke-width="3" stroke-linecap="round"/><path d="M9 17h14a7 7 0 0 1-14 0zM16 24v4" fill="none" stroke="#fff" stroke-width="2.5" stroke-linecap="round" stroke-linejoin="round"/>
        """;

    // The length of a chunk of a PNG file, without its data: the length, the type and the checksum (PNG, section 5.3).
    private const int ChunkFrame = 12;
    private const int SignatureLength = 8;

    /// <summary>Creates the icons.</summary>
    /// <param name="color">The operator's color, such as <c>#1f6feb</c>; null for the page's own color.</param>
    /// <param name="logo">The operator's logo as a <c>data:</c> address; null for the page's own logo.</param>
    public static IReadOnlyList<SiteIcon> Create(string? color, string? logo)
    {
        if (logo is not null)
        {
            // A system may cut a maskable icon to a circle of 80% of its width. The largest square in this circle has 56% of the icon's width. The
            // background is white, because most logos are made for a white background.
            return
            [
                new("icon.svg", "any", "any", CreateSvg($"""<image href="{logo}" width="32" height="32"/>""")),
                new("icon-maskable.svg", "any", "maskable", CreateSvg($"""<rect width="32" height="32" fill="#fff"/><image href="{logo}" x="7" y="7" width="18" height="18"/>""")),
            ];
        }

        var background = Darken(color ?? DefaultColor);
        var hex = $"#{Convert.ToHexStringLower(background)}";
        return
        [
            new("icon.svg", "any", "any", CreateSvg($"""<rect width="32" height="32" rx="9" fill="{hex}"/>{Plug.Trim()}""")),
            .. ((int[])[192, 512]).Select(size => new SiteIcon(
                $"icon-{size}.png", string.Create(CultureInfo.InvariantCulture, $"{size}x{size}"), "any maskable", new PageFile("image/png", Recolor(ReadPng(size), background), Policy))),
        ];
    }

    /// <summary>Returns the color, made darker until white shapes on it can be seen.</summary>
    internal static byte[] Darken(string color)
    {
        var original = Convert.FromHexString(color.AsSpan(1));
        for (var percent = 100; ; percent -= 2)
        {
            byte[] darker = [.. original.Select(part => (byte)(part * percent / 100))];
            if (1.05 / (GetLuminance(darker) + 0.05) >= MinContrast)
                return darker;
        }
    }

    // WCAG 2.2, "relative luminance".
    private static double GetLuminance(byte[] color)
    {
        var linear = color.Select(part => part / 255.0).Select(part => part <= 0.04045 ? part / 12.92 : Math.Pow((part + 0.055) / 1.055, 2.4)).ToArray();
        return (0.2126 * linear[0]) + (0.7152 * linear[1]) + (0.0722 * linear[2]);
    }

    private static PageFile CreateSvg(string content) =>
        new("image/svg+xml", Encoding.UTF8.GetBytes($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{content}</svg>"""), Policy);

    private static byte[] ReadPng(int size)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream($"icon-{size}.png")!;
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    // The palette of the embedded images goes from the background to white in equal steps. So a different color needs only a different palette.
    // The chunk PLTE is the second chunk, after IHDR.
    private static byte[] Recolor(byte[] png, byte[] background)
    {
        var header = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(SignatureLength));
        var palette = SignatureLength + header + ChunkFrame;
        var length = BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(palette));
        var data = png.AsSpan(palette + 8, length);
        var last = (length / 3) - 1;
        for (var i = 0; i < length; i++)
            data[i] = (byte)(background[i % 3] + ((255 - background[i % 3]) * (i / 3) / last));
        BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(palette + 8 + length), Crc32.HashToUInt32(png.AsSpan(palette + 4, length + 4)));
        return png;
    }
}

/// <summary>An icon of the installed page.</summary>
/// <param name="Name">The name of the file, beside the page.</param>
/// <param name="Sizes">The member <c>sizes</c> of the manifest.</param>
/// <param name="Purpose">The member <c>purpose</c> of the manifest.</param>
internal sealed record SiteIcon(string Name, string Sizes, string Purpose, PageFile File);
