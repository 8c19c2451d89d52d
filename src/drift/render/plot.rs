//! Two plots as SVG: how the differences are spread, and what they add up to over time.

use plotters::prelude::*;

use super::super::source::civil;
use super::super::totals::Totals;

const SIZE: (u32, u32) = (760, 300);

/// Rows by difference in litres.
pub(super) fn histogram(totals: &Totals) -> Result<String, String> {
    let bins: Vec<(String, usize)> = totals.bins().collect();
    let most = bins.iter().map(|(_, count)| *count).max().unwrap_or(1).max(1);
    draw(|root| {
        let mut chart = ChartBuilder::on(root)
            .caption("Rows by difference in litres", ("sans-serif", 16))
            .margin(8)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d(0.0..bins.len().max(1) as f64, 0.0..most as f64 * 1.05)?;
        let label = |x: &f64| bins.get(*x as usize).map(|(bin, _)| bin.clone()).unwrap_or_default();
        chart
            .configure_mesh()
            .disable_x_mesh()
            .x_labels(bins.len() + 1)
            .x_label_formatter(&label)
            .x_label_style(("sans-serif", 10))
            .draw()?;
        chart.draw_series(bins.iter().enumerate().map(|(at, (_, count))| {
            Rectangle::new([(at as f64 + 0.1, 0.0), (at as f64 + 0.9, *count as f64)], BLUE.mix(0.6).filled())
        }))?;
        Ok(())
    })
}

/// Litres gained or lost up to each day.
pub(super) fn cumulative(totals: &Totals) -> Result<String, String> {
    let mut sum = 0.0;
    let points: Vec<(f64, f64)> = totals
        .days
        .iter()
        .map(|(day, of_day)| {
            sum += of_day.litres;
            (f64::from(*day), sum)
        })
        .collect();
    let (first, last) = (points.first().map_or(0.0, |p| p.0), points.last().map_or(1.0, |p| p.0));
    let low = points.iter().map(|point| point.1).fold(0.0, f64::min);
    let high = points.iter().map(|point| point.1).fold(0.0, f64::max);
    let margin = ((high - low) * 0.05).max(1.0);
    draw(|root| {
        let mut chart = ChartBuilder::on(root)
            .caption("Litres, stored minus computed, up to each day", ("sans-serif", 16))
            .margin(8)
            .x_label_area_size(40)
            .y_label_area_size(60)
            .build_cartesian_2d(first..last.max(first + 1.0), (low - margin)..(high + margin))?;
        let label = |x: &f64| {
            let (year, month, day) = civil(*x as i32);
            format!("{year}-{month:02}-{day:02}")
        };
        chart.configure_mesh().x_labels(6).x_label_formatter(&label).draw()?;
        chart.draw_series(LineSeries::new(points.iter().copied(), RED.stroke_width(2)))?;
        Ok(())
    })
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn draw(paint: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn std::error::Error>>) -> Result<String, String> {
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, SIZE).into_drawing_area();
        root.fill(&WHITE).map_err(|error| error.to_string())?;
        paint(&root).map_err(|error| error.to_string())?;
        root.present().map_err(|error| error.to_string())?;
    }
    Ok(svg)
}
